"""A stored conversation as a scenario, for an author to keep."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import StringIO
from itertools import pairwise
from typing import Final, cast
from zoneinfo import ZoneInfo

from pydantic import JsonValue
from ruamel.yaml import YAML

from config.project import Project
from graph.turn_log import LoggedTurn

PAUSE: Final = 5.0
"""Minutes of silence from which on a recorded scenario waits."""

_STEP = re.compile(r"([A-Za-z_]\w*)((?:\[\d+\])*)")


def record(project: Project, name: str, turns: Sequence[LoggedTurn]) -> str:
    """The conversation as one scenario in YAML: what was said, what came of it, and answers for the APIs it called.

    An API's answer is rebuilt from the variables the action maps, so it holds only what the conversation used. The
    scenario begins when the conversation did, so that "tomorrow" is the same day.
    """
    called: dict[str, int] = {}
    pauses = [0.0, *(_minutes(before, after) for before, after in pairwise(turns))]
    written = [{**_turn(turn, called), **_pause(pause)} for turn, pause in zip(turns, pauses, strict=True)]
    scenario: dict[str, JsonValue] = {"name": name}
    if turns:
        scenario["locale"] = turns[0].answer.get("locale")
    if turns and turns[0].at:
        zone = ZoneInfo(project.timezone)
        scenario["now"] = datetime.fromisoformat(turns[0].at).astimezone(zone).isoformat(timespec="minutes")
    scenario["turns"] = [cast(JsonValue, turn) for turn in written]
    answers = _answers(project, turns)
    if answers:
        scenario["api"] = answers
    target = StringIO()
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 120
    yaml.dump([scenario], target)
    return target.getvalue()


def _turn(turn: LoggedTurn, called: dict[str, int]) -> dict[str, JsonValue]:
    answer = turn.answer
    expect: dict[str, JsonValue] = {"outcome": answer.get("outcome")}
    for key in ("intent", "asks", "slots", "transfer_reason"):
        if answer.get(key):
            expect[key] = answer[key]
    for action in _actions(answer):
        called[str(action["name"])] = called.get(str(action["name"]), 0) + 1
    names = {str(action["name"]) for action in _actions(answer)}
    if names:
        expect["actions"] = [{"name": name, "times": called[name]} for name in sorted(names)]
    return {**_said(turn), "expect": expect}


def _said(turn: LoggedTurn) -> dict[str, JsonValue]:
    """What the customer wrote, or what the channel told."""
    commands = _diagnostics(turn.answer).get("commands")
    first = commands[0] if isinstance(commands, list) and commands else None
    told = first.get("command") if isinstance(first, dict) else None
    return {"event": told} if not turn.message and told in ("begin", "silence") else {"user": turn.message}


def _minutes(before: LoggedTurn, after: LoggedTurn) -> float:
    if not (before.at and after.at):
        return 0.0
    return (datetime.fromisoformat(after.at) - datetime.fromisoformat(before.at)).total_seconds() / 60


def _pause(minutes: float) -> dict[str, JsonValue]:
    """A pause worth keeping: shorter ones change nothing."""
    return {"wait_minutes": round(minutes)} if minutes >= PAUSE else {}


def _diagnostics(answer: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    metadata = answer.get("metadata")
    diagnostics = metadata.get("diagnostics") if isinstance(metadata, dict) else None
    return diagnostics if isinstance(diagnostics, dict) else {}


def _actions(answer: Mapping[str, JsonValue]) -> list[dict[str, JsonValue]]:
    actions = _diagnostics(answer).get("actions")
    return [action for action in actions if isinstance(action, dict)] if isinstance(actions, list) else []


def _answers(project: Project, turns: Sequence[LoggedTurn]) -> dict[str, JsonValue]:
    found: dict[str, list[JsonValue]] = {}
    for turn in turns:
        for action in _actions(turn.answer):
            receipt = action.get("receipt")
            if isinstance(receipt, dict):
                found.setdefault(str(action["name"]), []).append(_answer(project, str(action["name"]), receipt))
    return {name: given[0] if len(given) == 1 else given for name, given in found.items()}


def _answer(project: Project, name: str, receipt: Mapping[str, JsonValue]) -> JsonValue:
    result = receipt.get("result")
    body: dict[str, JsonValue] = {}
    for variable, path in project.actions[name].result.items() if name in project.actions else ():
        if isinstance(result, dict) and variable in result:
            _place(body, path, result[variable])
    status = receipt.get("http_status")
    return {"status": status or 503, "json": body} if body else {"status": status or 503}


def _place(body: dict[str, JsonValue], path: str, value: JsonValue) -> None:
    """Put `value` where a plain path such as `data.fees[0].amount` finds it; any other expression is left out."""
    steps = [_STEP.fullmatch(step) for step in path.split(".")]
    keys: list[str | int] = []
    for step in steps:
        if step is None:
            return
        keys += [step[1], *(int(index) for index in re.findall(r"\d+", step[2]))]
    place: JsonValue = body
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        inner: JsonValue = value if following is None else [] if isinstance(following, int) else {}
        place = _step_into(place, key, inner)


def _step_into(place: JsonValue, key: str | int, inner: JsonValue) -> JsonValue:
    if isinstance(place, dict) and isinstance(key, str):
        return place.setdefault(key, inner)
    if isinstance(place, list) and isinstance(key, int):
        place.extend([None] * (key + 1 - len(place)))
        place[key] = inner if place[key] is None else place[key]
        return place[key]
    return None
