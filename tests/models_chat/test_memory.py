"""What a backend supports is found once for a model at an address, and not forgotten by a restart."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from models.memory import KEPT, WireMemory
from models.wire import Wire
from tests.models_chat.asking import ask
from tests.openai_server import calls, decides, says, serving_openai

WANTED = ("send_money", {"amount": "500 lira"})


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 15, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


async def until(holds):
    """Wait for what another thread does."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 -- it happens on another thread
            await asyncio.sleep(0.01)


async def test_a_restarted_service_asks_as_it_learnt_to(open_model, tmp_path):
    file = tmp_path / "models.json"
    with serving_openai(decides(WANTED), decides(WANTED), lacks=("tools", "temperature")) as server:
        first = await ask(open_model(server, memory=WireMemory(file)), "decide")
        await until(lambda: file.exists() and "proven" in file.read_text() and "json_schema" in file.read_text())
        asked = len(server.requests)
        again = await ask(open_model(server, memory=WireMemory(file)), "decide")

    assert first.calls == again.calls
    assert again.use["mode"] == "json_schema"
    assert (asked, len(server.requests)) == (3, 4)


async def test_a_mode_that_once_worked_is_trusted_after_a_restart(open_model, tmp_path):
    memory = WireMemory(tmp_path / "models.json")
    with serving_openai(calls(WANTED), says("You're welcome!")) as server:
        await ask(open_model(server, memory=memory), "decide")
        await until(lambda: memory.recall(server.url, "small"))
        thanks = await ask(open_model(server, memory=memory), "decide")

    assert thanks.text == "You're welcome!"


def test_it_belongs_to_one_model_at_one_address_and_grows_old(tmp_path):
    clock = Clock()
    memory = WireMemory(tmp_path / "models.json", clock=clock)
    memory.keep("http://user:canary@one/v1", "a", Wire(mode="json", system_role=False), {"json"})

    found = WireMemory(tmp_path / "models.json", clock=clock).recall("http://user:canary@one/v1/", "a")
    assert found is not None
    assert found.wire == Wire(mode="json", system_role=False)
    assert found.proven == ["json"]
    assert memory.recall("http://user:canary@one/v1", "b") is None
    assert memory.recall("http://two/v1", "a") is None
    assert "canary" not in (tmp_path / "models.json").read_text()
    clock.now += KEPT + timedelta(seconds=1)
    assert memory.recall("http://user:canary@one/v1", "a") is None


@pytest.mark.parametrize("written", ["", "{", "[]", '{"x": {"mode": "telepathy"}}'])
def test_a_file_that_cannot_be_read_is_as_good_as_none(tmp_path, written):
    file = tmp_path / "models.json"
    file.write_text(written)
    memory = WireMemory(file)

    assert memory.recall("http://one/v1", "a") is None
    memory.keep("http://one/v1", "a", Wire(), set())
    assert WireMemory(file).recall("http://one/v1", "a") is not None


def test_a_folder_that_is_not_there_costs_only_the_memory(tmp_path):
    memory = WireMemory(tmp_path / "nowhere" / "models.json")
    memory.keep("http://one/v1", "a", Wire(mode="tagged"), set())

    found = memory.recall("http://one/v1", "a")
    assert found is not None
    assert found.mode == "tagged"
