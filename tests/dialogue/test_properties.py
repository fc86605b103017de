"""Whatever a customer and an engine come up with: no crash, no lost stack, no action without what it needs."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from dialogue.commands import Command
from dialogue.scene import MAX_STACK, Scene, missing, plan_hash, values_of
from tests.dialogue.talking import Talk, act, bank, fill, lira, question, skip, start, thanks, unclear, why

PROJECT = bank()
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
    "nothing": [1],
}


def _fills() -> st.SearchStrategy[Command]:
    pairs = [(slot, value) for slot, values in VALUES.items() for value in values]
    quoted = st.booleans()
    return st.builds(
        lambda pair, said: fill(pair[0], pair[1], "said" if said else "never said"), st.sampled_from(pairs), quoted
    )


COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(start, st.sampled_from(INTENTS)),
    _fills(),
    st.builds(act, st.sampled_from(["affirm", "deny", "cancel", "undo", "restart", "repeat", "person"])),
    st.builds(skip, st.sampled_from([*VALUES])),
    st.builds(why, st.sampled_from([*VALUES, None])),
    st.builds(lambda names: {"command": "clarify", "intents": names}, st.lists(st.sampled_from(INTENTS), max_size=4)),
    st.sampled_from([question("what is the fee?"), thanks(), unclear(), {"command": "unclear", "reason": "empty"}]),
)
TURNS = st.lists(st.tuples(st.lists(COMMANDS, max_size=6), st.booleans()), max_size=12)


def consistent(scene: Scene) -> None:
    """What holds after every turn."""
    assert scene.verdict is not None
    assert len(scene.stack) <= MAX_STACK
    assert len({frame["flow_id"] for frame in scene.stack}) == len(scene.stack)
    for frame in scene.stack:
        for name, known in frame["slots"].items():
            assert name in PROJECT.intents[frame["intent"]].slots
            assert known["source"] != "customer" or known["quote"] == "said" or known["verdict"] == "skipped"
    if scene.verdict["next"] == "ask":
        assert scene.open is not None
        assert scene.open["text"].strip()
        assert scene.verdict["asks"] == scene.open["slots"]
    if scene.verdict["next"] == "act":
        due(scene)


def due(scene: Scene) -> None:
    """An action is due only when everything is known and, where needed, agreed to exactly."""
    frame = scene.stack[-1]
    plan = frame["plan"]
    assert plan is not None
    assert missing(scene, frame) == []
    assert plan["arguments"] == values_of(frame)
    assert plan["hash"] == plan_hash(plan["action"], plan["arguments"])
    assert plan["confirmed"]


@settings(max_examples=300, deadline=None)
@given(TURNS)
def test_any_conversation_keeps_its_shape(turns):
    talk = Talk(PROJECT)
    for commands, succeeds in turns:
        before = talk.scene
        scene = talk.hears(*commands, message="said")
        consistent(scene)
        while scene.verdict is not None and scene.verdict["next"] == "act":
            asked = before.open is not None and before.open["kind"] == "confirm"
            writes = PROJECT.needs_confirmation(scene.stack[-1]["intent"])
            assert asked or not writes
            scene = talk.acted("succeeded" if succeeds else "failed")
            before = replace(scene, open=None)
            consistent(scene)


@settings(max_examples=100, deadline=None)
@given(st.lists(COMMANDS, max_size=6), st.lists(COMMANDS, max_size=6))
def test_a_pure_policy_says_the_same_twice(first, second):
    outcomes = []
    for _ in range(2):
        talk = Talk(PROJECT)
        talk.hears(*first, message="said")
        outcomes.append(talk.hears(*second, message="said"))

    assert outcomes[0] == outcomes[1]
