"""A turn's answer as a person at a terminal reads it."""

import json
from collections.abc import Iterator, Mapping

from pydantic import JsonValue
from rich.table import Table
from rich.text import Text

from config.project import Project
from serving.text import shown

_BAR = 12
_QUOTED = 60

Shown = Mapping[str, JsonValue]


def foot(answer: Shown) -> Iterator[str]:
    """What stands below a reply: what came of it, what may be tapped, and what to do where nobody answers."""
    told = [str(answer["outcome"])]
    if answer["confidence"] is not None:
        told.append(f"confidence {answer['confidence']}")
    if answer["transfer_reason"]:
        told.append(f"transfer: {answer['transfer_reason']}")
    sources = dict.fromkeys(str(each.get("source")) for each in _items(answer.get("citations")))
    if sources:
        told.append(f"cites {', '.join(sources)}")
    yield " · ".join(told)
    if replies := [f"[{each.get('title')}]" for each in _items(answer.get("quick_replies"))]:
        yield " ".join(replies)
    if answer["outcome"] in ("muted", "transferred"):
        yield "A person has the conversation: the bot is silent until /release, or /reset for a new one."


def deeds_of(answer: Shown, project: Project) -> list[str]:
    """The actions of a turn that may have changed something."""
    names = [str(each.get("name")) for each in _items(_diagnostics(answer).get("actions"))]
    return [name for name in names if name in project.actions and project.actions[name].writes]


def trace(answer: Shown) -> Iterator[tuple[str, str]]:
    """What was understood, found, decided and spent: a name and a line each."""
    found = _diagnostics(answer)
    engine, certainty = found.get("engine") or "nobody", found.get("certainty")
    sure = "" if certainty is None else f", {certainty} sure"
    yield "understood", f"{_commands(found)} ({engine}{sure})"
    for each in _items(found.get("intent_ranking")):
        yield "", f"{_bar(each.get('score'))} {each.get('score')} {each.get('intent')}"
    yield "path", " → ".join(str(step) for step in _list(found.get("path")))
    yield from _evidence(found)
    parts = [f"{name} {value}" for name, value in _mapping(found.get("confidence")).items() if _is_part(value)]
    if parts:
        yield "confidence", f"{answer['confidence']} ({', '.join(parts)})"
    for each in _items(found.get("actions")):
        yield "action", f"{each.get('name')}: {_deed(each)}"
    yield "model", _model(_mapping(found.get("llm")))
    for notice in _list(found.get("notices")):
        yield "notice", str(notice)
    yield "time", _times(_mapping(found.get("timing_ms")))


def slots_table(answer: Shown, state: Shown) -> Table:
    """What is known, with the customer's words for it."""
    table = Table("slot", "value", "the customer's words")
    heard = _heard(state)
    for name, value in _mapping(answer.get("slots")).items():
        table.add_row(Text(name), Text(shown(_json(value))), Text(shown(heard.get(name, ""))))
    return table


def stack_table(state: Shown) -> Table:
    """What is under way, the innermost last, and what is asked."""
    table = Table("under way", "status", "known")
    for frame in _items(state.get("stack")):
        known = ", ".join(_mapping(frame.get("slots")))
        table.add_row(Text(str(frame.get("intent"))), Text(str(frame.get("status"))), Text(known))
    asked = _mapping(state.get("open_question"))
    if asked:
        table.add_row(Text("asked"), Text(str(asked.get("kind"))), Text(", ".join(map(str, _list(asked.get("slots"))))))
    return table


def whole(answer: Shown) -> str:
    """All there is, as JSON."""
    return shown(_json(answer.get("metadata")))


def _commands(found: Shown) -> str:
    told = []
    for each in _items(found.get("commands")):
        values = [str(value) for name, value in each.items() if name not in ("command", "quote") and value]
        told.append(" ".join([str(each.get("command")), *(_short(value) for value in values)]))
    return "; ".join(told) or "nothing"


def _evidence(found: Shown) -> Iterator[tuple[str, str]]:
    retrieval = _mapping(found.get("retrieval"))
    for each in _items(retrieval.get("passages"))[:3]:
        yield "evidence", f"{_bar(each.get('relevance'))} {each.get('source')}: {_short(str(each.get('text')))}"
    if retrieval and not retrieval.get("passages"):
        yield "evidence", "none"


def _deed(action: Shown) -> str:
    told = [str(action.get("status"))]
    receipt = _mapping(action.get("receipt"))
    told += [f"HTTP {receipt['http_status']}"] if receipt.get("http_status") is not None else []
    if action.get("ms") is not None:
        told.append(f"{action['ms']} ms")
    return ", ".join(told)


def _model(model: Shown) -> str:
    if not model.get("calls"):
        return "not asked"
    tokens = f"{model.get('input_tokens')} + {model.get('output_tokens')} tokens"
    return f"{model.get('model')}: {model.get('calls')} calls, {tokens}"


def _times(times: Shown) -> str:
    spent = {name: float(ms) for name, ms in times.items() if isinstance(ms, int | float)}
    slowest = sorted(spent, key=lambda name: -spent[name])[:3]
    return f"{sum(spent.values()):.0f} ms: " + ", ".join(f"{name} {spent[name]:.0f}" for name in slowest)


def _heard(state: Shown) -> dict[str, str]:
    """Slot → the customer's words, of what is under way and of what is done."""
    frames = [*_items(state.get("finished")), *_items(state.get("stack"))]
    return {
        name: str(_mapping(slot).get("quote") or "")
        for frame in frames
        for name, slot in _mapping(frame.get("slots")).items()
    }


def _is_part(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bar(score: JsonValue) -> str:
    share = float(score) if isinstance(score, int | float) else 0.0
    return f"{'█' * round(max(0.0, min(1.0, share)) * _BAR):<{_BAR}}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUOTED else line[: _QUOTED - 1] + "…"


def _diagnostics(answer: Shown) -> Shown:
    return _mapping(_mapping(answer.get("metadata")).get("diagnostics"))


def _mapping(value: JsonValue) -> Shown:
    return value if isinstance(value, dict) else {}


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _items(value: JsonValue) -> list[dict[str, JsonValue]]:
    return [each for each in _list(value) if isinstance(each, dict)]


def _json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)
