"""A conversation that was had, kept as a scenario."""

from pathlib import Path

from pydantic import JsonValue

from config.project import Project
from graph.turn_log import LoggedTurn
from scenarios.model import load_scenarios
from scenarios.recording import record
from tests.dialogue.talking import bank
from tests.graph.conftest import IBAN


def with_result(path: str) -> Project:
    actions = bank().model_dump(by_alias=True)["actions"]
    actions["send_money"]["result"] = {"reference": path}
    return bank(actions=actions)


async def test_a_stored_conversation_becomes_a_scenario(room, tmp_path: Path):
    for message in ("send 500", IBAN, "yes"):
        await room.says(message)
    turns = await room.turns.turns("default", "bank", "s")
    target = tmp_path / "kept.yaml"
    target.write_text(record(with_result("data.fees[1].id"), "sends money", turns), encoding="utf-8")

    (scenario,) = load_scenarios(target)

    assert scenario.now is not None
    assert scenario.now.tzinfo is not None
    assert [turn.wait_minutes for turn in scenario.turns] == [0, 0, 0]
    assert [turn.user for turn in scenario.turns] == ["send 500", IBAN, "yes"]
    assert [turn.expect.outcome for turn in scenario.turns] == ["asked", "confirming", "acted"]
    assert scenario.turns[2].expect.actions is not None
    assert scenario.turns[2].expect.actions[0].times == 1
    answer = scenario.api["send_money"]
    assert not isinstance(answer, list)
    assert (answer.status, answer.body) == (201, {"data": {"fees": [None, {"id": "T-1"}]}})


async def test_silences_pauses_and_the_moment_it_began_are_kept(room, tmp_path: Path):
    begun = room.now
    await room.says("send 500")
    room.later(7)
    await room.says("", event="silence")
    turns = await room.turns.turns("default", "bank", "s")
    target = tmp_path / "kept.yaml"
    target.write_text(record(bank(timezone="Asia/Tokyo"), "is silent", turns), encoding="utf-8")

    (scenario,) = load_scenarios(target)

    assert [(turn.event, turn.user, turn.wait_minutes) for turn in scenario.turns] == [
        (None, "send 500", 0),
        ("silence", "", 7),
    ]
    assert scenario.now == begun.replace(second=0, microsecond=0)
    assert scenario.now.isoformat().endswith("+09:00")


def test_an_expression_that_is_no_plain_path_is_left_out():
    receipt: JsonValue = {"http_status": 200, "result": {"reference": "T-1"}}
    metadata: JsonValue = {"diagnostics": {"actions": [{"name": "send_money", "receipt": receipt}]}}
    answer: dict[str, JsonValue] = {"metadata": metadata, "outcome": "acted"}
    turn = LoggedTurn(message_id="m", fingerprint="f", message="yes", answer=answer)

    assert "json" not in record(with_result("items[?id > `1`] | [0].id"), "name", [turn])
