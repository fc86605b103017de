"""Rasa's NLU examples and domain → intents, slots and replies of a project.

Read are `nlu`, `responses`, `slots`, `forms`, `rules` and `stories`, wherever they stand in the folder's YAML files. A
rule or story tells which reply or form follows an intent. Python actions, policies and pipelines are left out.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from config.reading import read_file
from importing.naming import clean, snake, words
from importing.notes import ImportRefusedError, Notes
from importing.openapi import Imported, Part

MAX_FILES: Final = 200
MAX_EXAMPLES: Final = 500

_MARK: Final = re.compile(r"\[([^\[\]]+)\](?:\(([^()]+)\)|(\{[^{}]*\}))")
_ITEM: Final = re.compile(r"(?m)^\s*-\s+(.*)$")
_GAP: Final = re.compile(r"\{([A-Za-z_]\w*)\}")
_TYPES: Final = {"float": "number", "bool": "boolean", "categorical": "choice"}


def import_rasa(folder: Path) -> tuple[Imported, str]:
    """What the folder's files give, and their language; raises ImportRefusedError."""
    notes = Notes()
    reader = _Reader(notes)
    for data in _files(folder, notes):
        reader.take(data)
    if not reader.examples:
        raise ImportRefusedError(f"{folder} holds no Rasa examples (nlu: …)")
    language = reader.language if re.fullmatch(r"[a-z]{2,3}", reader.language) else "en"
    intents = {name: reader.intent(name, language) for name in reader.examples}
    name = snake(folder.resolve().name, "bot")
    return Imported(name=name, intents=intents, notes=notes.lines), language


def _files(folder: Path, notes: Notes) -> Iterator[Mapping[str, JsonValue]]:
    if not folder.is_dir():
        raise ImportRefusedError(f"{folder} is no folder")
    paths = sorted(path for ending in ("*.yml", "*.yaml") for path in folder.rglob(ending) if path.is_file())
    for path in paths[:MAX_FILES]:
        reading = read_file(path)
        for problem in reading.problems:
            notes.add(f"{path.name} line {problem.line}", problem.message)
        if isinstance(reading.data, dict):
            yield reading.data


@dataclass
class _Reader:
    notes: Notes
    examples: dict[str, list[str]] = field(default_factory=dict)
    language: str = "en"
    _replies: dict[str, str] = field(default_factory=dict)
    _slots: dict[str, Part] = field(default_factory=dict)
    _forms: dict[str, list[str]] = field(default_factory=dict)
    _follows: dict[str, str] = field(default_factory=dict)
    _said: dict[str, str] = field(default_factory=dict)

    def take(self, data: Mapping[str, JsonValue]) -> None:
        """All of one file."""
        self.language = str(data.get("language") or self.language)
        for entry in _dicts(data.get("nlu")):
            self._nlu(entry)
        for name, variants in _pairs(data.get("responses")):
            self._response(name, _dicts(variants))
        for name, slot in _pairs(data.get("slots")):
            self._slots[name] = dict(slot) if isinstance(slot, dict) else {}
        for name, form in _pairs(data.get("forms")):
            wanted = form.get("required_slots") if isinstance(form, dict) else None
            self._forms[snake(name, "form")] = [str(one) for one in wanted] if isinstance(wanted, list | dict) else []
        for entry in (*_dicts(data.get("rules")), *_dicts(data.get("stories"))):
            self._story(_dicts(entry.get("steps")))

    def intent(self, name: str, language: str) -> Part:
        """One intent with its examples, its slots and what is replied."""
        follows = self._follows.get(name) or f"utter_{name}"
        slots = {slot: self._slot(slot, required=False) for slot in self._marked(name)}
        asked = self._forms.get(follows, [])
        slots = {**slots, **{snake(one, "value"): self._asked(follows, one) for one in asked}}
        title = words(name)
        intent: Part = {"title": title[0].upper() + title[1:], "examples": {language: list(self.examples[name])}}
        if slots:
            intent["slots"] = dict(slots)
        reply = self._replies.get(follows) or self._replies.get(f"utter_{name}")
        if reply is not None:
            intent["reply"] = {language: self._filled(reply, slots, name)}
        else:
            self.notes.add(name, "nothing is known of what follows it; give it an action or a reply")
        return intent

    def _nlu(self, entry: Part) -> None:
        if not isinstance(entry.get("intent"), str):
            kind = next((key for key in ("synonym", "lookup", "regex") if key in entry), "an entry")
            self.notes.add(f"{kind} {entry.get(kind)}", "dropped: give its values to a slot")
            return
        name = snake(str(entry["intent"]), "intent")
        kept = self.examples.setdefault(name, [])
        for text in _texts(entry.get("examples")):
            example = " ".join(_MARK.sub(self._mark, text).split())
            owner = self._said.setdefault(_folded(example), name)
            if owner != name:
                self.notes.add(name, f"dropped an example that belongs to {owner} too: {text[:60]}")
            elif _folded(example) and example not in kept and len(kept) < MAX_EXAMPLES:
                kept.append(example)

    def _mark(self, match: re.Match[str]) -> str:
        slot = (match[2] or "").partition(":")[0]
        if match[3]:
            try:
                told = json.loads(match[3])
            except ValueError:
                return match[1]
            parts = (told.get("entity"), told.get("role")) if isinstance(told, dict) else ()
            slot = "_".join(str(part) for part in parts if part)
        return f"[{match[1]}]({snake(slot, 'value')})" if slot else match[1]

    def _response(self, name: str, variants: list[Part]) -> None:
        texts = [clean(one.get("text"), 2000) for one in variants if one.get("channel") is None]
        raw = next((str(one["text"]) for one in variants if isinstance(one.get("text"), str)), None)
        if raw is None or not any(texts):
            self.notes.add(name, "dropped: it has no text")
            return
        if len(variants) > 1:
            self.notes.add(name, f"of {len(variants)} variants the first is taken")
        if any(key in one for one in variants for key in ("buttons", "image", "attachment", "custom")):
            self.notes.add(name, "its buttons, pictures and attachments are dropped")
        self._replies[snake(name, "utter")] = raw

    def _story(self, steps: list[Part]) -> None:
        """The first reply or form after an intent is what follows it."""
        intent = None
        for step in steps:
            if isinstance(step.get("intent"), str):
                intent = snake(str(step["intent"]), "intent")
            action = step.get("action")
            if intent is None or not isinstance(action, str):
                continue
            if snake(action, "utter") in self._forms or action.startswith("utter_"):
                self._follows.setdefault(intent, snake(action, "utter"))
            elif not action.startswith("action_listen"):
                self.notes.add(intent, f"the action {action} is code and is dropped")
            intent = None

    def _marked(self, name: str) -> list[str]:
        found = (match for example in self.examples[name] for match in re.findall(r"\]\((\w+)\)", example))
        return list(dict.fromkeys(found))

    def _asked(self, form: str, slot: str) -> Part:
        ask = self._replies.get(snake(f"utter_ask_{form}_{slot}", "utter")) or self._replies.get(
            snake(f"utter_ask_{slot}", "utter")
        )
        told = clean(ask, 400)
        return {**self._slot(snake(slot, "value"), required=True), **({"ask": told} if told else {})}

    def _slot(self, name: str, *, required: bool) -> Part:
        described = next((slot for key, slot in self._slots.items() if snake(key, "value") == name), {})
        kind = _TYPES.get(str(described.get("type")), "text")
        values = described.get("values")
        choices = [str(one) for one in values if isinstance(one, str | int)] if isinstance(values, list) else []
        spec: Part = {"type": "text" if kind == "choice" and not choices else kind, "title": words(name)}
        if kind == "choice" and choices:
            spec["values"] = list[JsonValue](choices)
        return spec if required else {**spec, "required": False}

    def _filled(self, reply: str, slots: Mapping[str, Part], name: str) -> str:
        """A reply whose `{slot}` is read from the intent's own slots; others are dropped."""
        pieces = _GAP.split(reply)
        text = clean(pieces[0], 2000)
        for gap, after in zip(pieces[1::2], pieces[2::2], strict=True):
            known = snake(gap, "value") in slots
            if not known:
                self.notes.add(name, f"its reply reads {gap}, which it does not ask for")
            text += f" {{{{ slots.{snake(gap, 'value')} }}}}" if known else " …"
            tail = clean(after, 2000)
            text += f" {tail}" if tail[:1].isalnum() else tail
        return text.strip()


def _folded(text: str) -> str:
    """What two examples are compared by: no case, accents, punctuation or double spaces."""
    plain = re.sub(r"\[([^\[\]]+)\]\(\w+\)", r"\1", text)
    apart = unicodedata.normalize("NFKD", plain.replace("ı", "i").replace("İ", "i")).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in apart if not unicodedata.combining(c)).split())


def _texts(value: JsonValue) -> list[str]:
    """Examples as one text of lines, or as a list of texts or of {text}."""
    if isinstance(value, str):
        return _ITEM.findall(value)
    items = value if isinstance(value, list) else []
    return [str(one.get("text", "")).strip() if isinstance(one, dict) else str(one) for one in items]


def _dicts(value: JsonValue) -> list[Part]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _pairs(value: JsonValue) -> list[tuple[str, JsonValue]]:
    return list(value.items()) if isinstance(value, dict) else []
