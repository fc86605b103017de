"""What `/metrics` tells of turns, models, actions and what waits; read with Prometheus' own parser."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import JsonValue

from config.settings import Settings
from graph.storage import open_storage
from serving.app import create_app
from serving.auth import Keys
from serving.figures import Figures
from tests.dialogue.talking import bank
from tests.graph.conftest import IBAN, MEANINGS
from tests.graph.fakes import Room, Script
from tests.serving.conftest import serving
from tests.serving.fakes import FakeServices
from tools.ledger import ActionLedger
from tools.outbox import Letter, Outbox


def read(text: str) -> Mapping[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by its name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def answer(**diagnostics: JsonValue) -> dict[str, JsonValue]:
    return {"outcome": "answered", "confidence": 0.9, "metadata": {"diagnostics": diagnostics}}


def test_a_model_s_calls_tokens_and_cost_are_counted():
    figures = Figures(prices=(0.4, 1.6))
    used: JsonValue = {"calls": 2, "model": "m", "input_tokens": 900_000, "output_tokens": 100_000, "mode": "tools"}
    for _ in range(2):
        figures.answered(answer(llm=used))
    figures.answered(answer(llm={"calls": 0, "model": None, "input_tokens": 0, "output_tokens": 0}))

    found = read(figures.text().decode())
    assert found["switchboard_model_calls_total", (("model", "m"),)] == 4
    assert found["switchboard_model_tokens_total", (("direction", "input"), ("model", "m"))] == 1_800_000
    assert found["switchboard_model_cost_total", (("model", "m"),)] == pytest.approx(2 * (0.36 + 0.16))


def test_steps_transfers_and_actions_are_counted():
    figures = Figures()
    done: JsonValue = [{"name": "send_money", "status": "succeeded", "ms": 5}, {"name": "x", "status": "unknown"}]
    turn = answer(timing_ms={"detect_intent": 20.0, "call_api": 480.0}, actions=done)
    figures.answered({**turn, "outcome": "transferred", "should_transfer": True, "transfer_reason": "requested"})

    found = read(figures.text().decode())
    assert found["switchboard_step_seconds_sum", (("step", "call_api"),)] == pytest.approx(0.48)
    assert found["switchboard_turn_seconds_bucket", (("le", "0.5"),)] == 1
    assert found["switchboard_transfers_total", (("reason", "requested"),)] == 1
    assert found["switchboard_actions_total", (("status", "unknown"),)] == 1
    assert found["switchboard_confidence_bucket", (("le", "0.8"),)] == 0


async def test_a_played_conversation_is_in_the_metrics_and_none_of_its_words(tmp_path: Path):
    async with Room(bank(), Script(MEANINGS), tmp_path).open() as room:
        services = FakeServices()
        services.turns, services.versions = room.turns, room.versions  # type: ignore[assignment]
        async with serving(services, keys=Keys(), debug=False, heartbeat=10) as service:
            for message in ("send 500", IBAN, "yes", "a person please"):
                assert (await service.chat(message, session_id="private-session", locale="en")).status_code == 200
            text = (await service.http.get("/metrics")).text

    found = read(text)
    assert found["switchboard_turns_total", (("outcome", "acted"),)] == 1
    assert found["switchboard_transfers_total", (("reason", "requested"),)] == 1
    assert found["switchboard_turns_now", (("state", "running"),)] == 0
    assert found["switchboard_tasks", ()] >= 1
    assert found["switchboard_turns_now", (("state", "waiting"),)] == 0
    assert found["switchboard_turn_seconds_count", ()] == 4
    assert {dict(labels)["step"] for name, labels in found if name == "switchboard_step_seconds_count"} >= {
        "detect_intent",
        "call_api",
        "graph",
    }
    assert not {word for word in ("private-session", IBAN, "default", "send 500") if word in text}


async def test_what_waits_in_the_ledger_and_for_the_desk_is_told():
    services = FakeServices()

    async def backlog() -> dict[str, dict[str, int]]:
        return {"ledger": {"unknown": 2, "succeeded": 7}, "desk": {"waiting": 3}, "turns": {"running": 1}}

    services.turns.backlog = backlog  # type: ignore[method-assign]
    async with serving(services, keys=Keys(), debug=False, heartbeat=10) as service:
        found = read((await service.http.get("/metrics")).text)

    assert found["switchboard_ledger_actions", (("state", "unknown"),)] == 2
    assert found["switchboard_desk_letters", (("state", "waiting"),)] == 3
    assert found["switchboard_turns_now", (("state", "running"),)] == 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_letters_and_actions_are_counted_by_state(tmp_path: Path, kind: str, request: pytest.FixtureRequest):
    database = request.getfixturevalue("postgres_url") if kind == "postgresql" else None
    settings = Settings.model_validate({"data": tmp_path, "database": database})
    async with open_storage(settings) as storage:
        outbox, ledger = Outbox(storage.desk, storage.owner), ActionLedger(storage.ledger, storage.owner)
        for number in range(3):
            letter = Letter(id=f"l{number}", tenant="acme", project="bank", session_id="s", body="{}")
            await outbox.put(letter, state="waiting" if number else "recorded")

        assert await outbox.counts() == {"recorded": 1, "waiting": 2}
        assert await ledger.counts() == {}


def test_the_workers_of_one_service_tell_of_all(tmp_path: Path):
    code = (
        "from serving.figures import Figures\n"
        "figures = Figures()\n"
        "figures.answered({'outcome': 'acted'})\n"
        "figures.backlog({'ledger': {'unknown': 2}, 'turns': {'running': 1}})\n"
        "print(figures.text().decode())\n"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    root = Path(__file__).resolve().parents[2]
    told = [
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(3)
    ]

    assert [read(text)["switchboard_turns_total", (("outcome", "acted"),)] for text in told] == [1, 2, 3]
    assert read(told[-1])["switchboard_ledger_actions", (("state", "unknown"),)] == 2


def test_two_apps_of_one_process_do_not_share_their_counts():
    for _ in range(2):
        create_app(lambda: None)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("price", ["1", "a,b", "1,2,3", "-1,2", "1;2"])
def test_a_price_that_is_none_is_told(price: str):
    with pytest.raises(ValueError, match="SWITCHBOARD_MODEL_PRICE must be two prices"):
        Settings.model_validate({"model_price": price})


def test_a_price_is_two_numbers():
    assert Settings.model_validate({"model_price": "0.40, 1.60"}).prices == (0.4, 1.6)
    assert Settings.model_validate({}).prices is None
