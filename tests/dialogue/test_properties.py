"""Whatever a customer and an engine come up with: no crash, no lost stack, no action without what it needs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from config.project import Project
from dialogue.commands import Command, Fill, Start
from dialogue.scene import MAX_STACK, Scene, missing, plan_hash, values_of
from dialogue.state import Frame
from dialogue.values import judge
from tests.dialogue.talking import NOW, Talk, act, bank, fill, lira, question, skip, start, thanks, unclear, why

LETTERS = {
    f"letter_{number}": {"title": f"Letter {number}", "slots": {"text": {"type": "text", "ask": "What does it say?"}}}
    for number in range(MAX_STACK)
}
"""So many more intents that all could wait at once."""


def _project() -> Project:
    plain: dict[str, dict[str, Any]] = bank().model_dump(by_alias=True, exclude_unset=True)
    recall = {
        "title": "Recall",
        "slots": {"iban": {"type": "id", "ask": "Which IBAN?"}, "what": {}},
        "action": "recall",
    }
    plain["intents"] |= {
        **LETTERS,
        "recall": recall,
        "send_money": {**plain["intents"]["send_money"], "undo_with": "recall"},
    }
    called = {"effect": "write", "method": "DELETE", "url": "https://bank.example/transfers"}
    return bank(intents=plain["intents"], actions={**plain["actions"], "recall": called})


PROJECT = _project()
SLOTS = {name: [*intent.slots] for name, intent in PROJECT.intents.items()}
INTENTS = [*PROJECT.intents, "nowhere"]
VALUES: dict[str, list[JsonValue]] = {
    "amount": [lira(500), lira(600), lira(0), "much", None],
    "iban": ["TR330006100519786457841326", "x", None],
    "note": ["rent", None],
    "customer": ["12345678", "12", None],
    "branch": ["kadikoy", "mars", None],
    "date": ["2026-03-20", "2026-01-01", "soon", None],
    "time": ["10:00", "99:00", None],
    "card": ["4821", None],
    "what": ["all of it", None],
    "text": ["dear bank"],
    "nothing": [1],
}


def _fills() -> st.SearchStrategy[Command]:
    pairs = [(slot, value) for slot, values in VALUES.items() for value in values]
    quoted = st.booleans()
    plain = st.builds(
        lambda pair, said: fill(pair[0], pair[1], "said" if said else "never said"), st.sampled_from(pairs), quoted
    )
    either: Fill = {**fill("time", "08:00", "said"), "candidates": ["08:00", "20:00"]}
    return plain | st.just(either)


def _given(intent: str, quote: str) -> list[Start | Fill]:
    """A value for each slot of an intent, allowed and in the author's order."""
    return [fill(name, VALUES[name][0], quote) for name in SLOTS[intent]]


def _meant(names: Sequence[str], quote: str) -> Command:
    """Several intents, with the values that the message gave for them."""
    known = [name for name in names if name in PROJECT.intents]
    held = [one for name in known for one in (start(name), *_given(name, quote))]
    return {"command": "clarify", "intents": list(names), "held": held}


def _unsure(names: Sequence[str], quote: str) -> list[list[Command]]:
    """Asked which of several is meant, the customer names one."""
    return [[act("restart")], [_meant(names, quote)], [start(names[-1])]]


QUOTES = st.sampled_from(["said", "never said"])
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(start, st.sampled_from(INTENTS)),
    _fills(),
    st.builds(act, st.sampled_from(["affirm", "deny", "cancel", "undo", "restart", "repeat", "person", "silence"])),
    st.builds(skip, st.sampled_from([*VALUES])),
    st.builds(why, st.sampled_from([*VALUES, None])),
    st.builds(_meant, st.lists(st.sampled_from(INTENTS), max_size=3), QUOTES),
    st.sampled_from([question("what is the fee?"), thanks(), unclear(), {"command": "unclear", "reason": "empty"}]),
)
ANYTHING = st.lists(COMMANDS, max_size=6)
KNOWN = st.sampled_from([*PROJECT.intents])
WISH = st.builds(lambda name, much, quote: [start(name), *_given(name, quote)[:much]], KNOWN, st.integers(0, 3), QUOTES)
WRONG = st.builds(
    lambda name, at: [start(name), *(fill(slot, VALUES[slot][at % len(VALUES[slot])], "said") for slot in SLOTS[name])],
    KNOWN,
    st.integers(1, 3),
)
ANSWER = KNOWN.map(lambda name: _given(name, "said"))
YES: st.SearchStrategy[list[Command]] = st.just([act("affirm")])
TALKS = st.one_of(
    ANYTHING.map(lambda turn: [turn]),
    WISH.map(lambda turn: [turn]),
    WRONG.map(lambda turn: [turn]),
    ANSWER.map(lambda turn: [turn]),
    YES.map(lambda turn: [turn]),
    st.lists(WISH, min_size=MAX_STACK, max_size=MAX_STACK + 2),
    st.builds(lambda *turns: list(turns), WISH, ANSWER, ANYTHING, YES),
    st.builds(lambda *turns: list(turns), ANYTHING, WISH, ANSWER, YES, ANYTHING),
    st.builds(lambda *turns: list(turns), WISH, WISH, WISH, st.just([act("cancel")])),
    st.builds(lambda name, *turns: [[start(name)], *turns], st.sampled_from([*LETTERS]), WISH, ANSWER, YES),
    st.lists(KNOWN, min_size=2, max_size=MAX_STACK + 2).map(lambda names: [[start(name) for name in names]]),
    st.builds(_unsure, st.lists(KNOWN, min_size=1, max_size=3), QUOTES),
)
"""A few turns that belong together: pure chance hardly ever comes to a deed."""

TURNS = st.lists(st.tuples(TALKS, st.booleans(), st.integers(0, 9)), max_size=6).map(
    lambda talks: [(turn, succeeds, idle == 9) for talk, succeeds, idle in talks for turn in talk]
)
"""Of each turn: what was understood, whether an action that falls due succeeds, whether the session lay idle before."""

DROPPING = {"cancel", "deny", "restart"}
"""Commands with which a customer gives a flow up."""


def consistent(scene: Scene) -> None:
    """What holds after every turn."""
    assert scene.verdict is not None
    assert len(scene.stack) <= MAX_STACK
    assert len({frame["flow_id"] for frame in scene.stack}) == len(scene.stack)
    for frame in scene.stack:
        quoted(frame)
    if scene.verdict["next"] == "ask":
        assert scene.open is not None
        assert scene.open["text"].strip()
        assert scene.verdict["asks"] == scene.open["slots"]
    if scene.verdict["next"] in ("done", "reply"):
        assert scene.open is None
    if scene.open is not None and scene.open["flow_id"] is not None:
        known = scene.finished if scene.open["kind"] == "reverse" else scene.stack
        assert scene.open["flow_id"] in {frame["flow_id"] for frame in known}
    if scene.verdict["next"] == "act":
        due(scene)


def quoted(frame: Frame) -> None:
    """A slot is of its intent and allowed, and what the customer is to have said stands in the message."""
    specs = PROJECT.slots_of(frame["intent"])
    for name, known in frame["slots"].items():
        assert name in specs
        assert known["verdict"] == "skipped" or judge(specs[name], known["value"], NOW) == "valid"
        assert known["source"] in ("customer", "profile")
        assert known["source"] != "customer" or known["quote"] == "said" or known["verdict"] == "skipped"
        assert known["source"] != "profile" or name == "customer" or (frame["intent"], name) == ("recall", "iban")


def due(scene: Scene) -> None:
    """An action is due only when everything is known and, where needed, agreed to exactly."""
    frame = scene.stack[-1]
    plan = frame["plan"]
    assert plan is not None
    assert missing(scene, frame) == []
    assert plan["arguments"] == values_of(frame)
    assert plan["hash"] == plan_hash(plan["action"], plan["arguments"])
    assert plan["confirmed"]


def agreed(before: Scene, scene: Scene) -> bool:
    """Whether the flow that is to act was shown as it is now, and a yes asked for to just that."""
    frame = scene.stack[-1]
    shown = next((known["plan"] for known in before.stack if known["flow_id"] == frame["flow_id"]), None)
    asked = before.open is not None and (before.open["kind"], before.open["flow_id"]) == ("confirm", frame["flow_id"])
    return asked and shown is not None and frame["plan"] is not None and shown["hash"] == frame["plan"]["hash"]


def kept(before: Scene, after: Scene, commands: Sequence[Command]) -> None:
    """No flow disappears that was neither ended nor given up nor, at the bottom of a full stack, pushed out."""
    ended = {frame["flow_id"] for frame in (*after.stack, *after.finished)}
    lost = [frame for frame in before.stack if frame["flow_id"] not in ended]
    pushed = len(before.stack) + len(after.started) > MAX_STACK
    given_up = sum(command["command"] in DROPPING for command in commands)
    restarted = any(command["command"] == "restart" for command in commands)
    assert len(lost) <= given_up or restarted or pushed


def also_kept(before: Scene, after: Scene, commands: Sequence[Command]) -> None:
    """No value disappears from a flow that stays, unless something was corrected or taken back."""
    changing = {"fill", "undo", "restart"}
    if any(command["command"] in changing for command in commands):
        return
    waiting = {frame["flow_id"]: frame for frame in after.stack}
    for frame in before.stack:
        if frame["flow_id"] in waiting:
            assert frame["slots"].items() <= waiting[frame["flow_id"]]["slots"].items()


@settings(max_examples=300, deadline=None)
@given(TURNS)
def test_any_conversation_keeps_its_shape(turns):
    talk = Talk(PROJECT)
    for commands, succeeds, idle in turns:
        before = talk.scene = replace(talk.scene, open=None) if idle else talk.scene
        scene = talk.hears(*commands, message="said", expired=idle)
        consistent(scene)
        kept(before, scene, commands)
        also_kept(before, scene, commands)
        while scene.verdict is not None and scene.verdict["next"] == "act":
            assert agreed(before, scene) or not PROJECT.needs_confirmation(scene.stack[-1]["intent"])
            acting = replace(scene, stack=scene.stack[:-1], started=())
            scene = talk.acted("succeeded" if succeeds else "failed")
            consistent(scene)
            kept(acting, scene, [])
            before = replace(scene, open=None)


@settings(max_examples=100, deadline=None)
@given(st.lists(COMMANDS, max_size=6), st.lists(COMMANDS, max_size=6))
def test_a_pure_policy_says_the_same_twice(first, second):
    outcomes = []
    for _ in range(2):
        talk = Talk(PROJECT)
        talk.hears(*first, message="said")
        outcomes.append(talk.hears(*second, message="said"))

    assert outcomes[0] == outcomes[1]
