"""Studio's local server opens the same graph: without keys, without a network, without blocking its event loop."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from tests.service.warmth import PROJECTS, Warmth

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

ROOT = PROJECTS.parent
NODES = {
    "open_turn",
    "detect_intent",
    "fill_slots",
    "ask_slot",
    "call_api",
    "retrieve",
    "draft_answer",
    "reply",
    "score_confidence",
    "decide_transfer",
    "transfer",
    "close_turn",
}


@dataclass(frozen=True, kw_only=True)
class Studio:
    """A running server and where it writes what it logs."""

    url: str
    log: Path


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """`langgraph dev` in a folder that links to this one, so that what it writes stays away from here."""
    folder = tmp_path_factory.mktemp("studio")
    data = folder / "data"
    Warmth(tmp_path_factory.getbasetemp() / "warmth").lend_all(data)
    for path in ROOT.iterdir():
        if not path.name.startswith(".") and path.name != "data":
            (folder / path.name).symlink_to(path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    langgraph = str(Path(sys.executable).with_name("langgraph"))
    command = [langgraph, "dev", "--no-browser", "--no-reload", "--host", "127.0.0.1", "--port", str(port)]
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("SWITCHBOARD_", "OPENAI_"))}
    settings |= {"SWITCHBOARD_DATA": str(data), "LANGSMITH_TRACING": "false", "LANGGRAPH_CLI_NO_ANALYTICS": "1"}
    log = folder / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(  # noqa: S603
            command, cwd=folder, env=settings, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        ) as process,
    ):
        try:
            _wait_for(f"http://127.0.0.1:{port}/ok", process, log)
            yield Studio(url=f"http://127.0.0.1:{port}", log=log)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text(errors="replace")
        with suppress(httpx.TransportError):
            if httpx.get(url, trust_env=False).status_code == 200:
                return
        time.sleep(0.2)
    raise AssertionError(log.read_text(errors="replace"))


@pytest_asyncio.fixture(loop_scope="module")
async def client(studio: Studio) -> AsyncIterator[LangGraphClient]:
    """Studio's own client."""
    async with get_client(url=studio.url, timeout=120) as opened:
        yield opened


async def test_its_nodes_have_the_names_of_the_design(client: LangGraphClient) -> None:
    (assistant,) = await client.assistants.search(graph_id="switchboard")
    drawn = await client.assistants.get_graph(assistant["assistant_id"])

    assert {str(node["id"]) for node in drawn["nodes"]} - {"__start__", "__end__"} == NODES


async def test_a_conversation_keeps_to_its_thread(client: LangGraphClient) -> None:
    thread = (await client.threads.create())["thread_id"]

    async def say(message: str) -> dict[str, object]:
        answer = await client.runs.wait(thread, "switchboard", input={"message": message}, context={"project": "bank"})
        assert isinstance(answer, dict), answer
        assert "__error__" not in answer, answer
        return answer

    first = await say("500 lira göndermek istiyorum")
    second = await say("TR150006100000000000000101")

    assert first["outcome"] == second["outcome"] == "asked"
    assert "IBAN" in str(first["reply"])
    state = (await client.threads.get_state(thread))["values"]
    assert isinstance(state, dict)
    assert (state["project"], state["locale"], state["counters"]["turns"]) == ("bank", "tr", 2)
    assert set(state["stack"][-1]["slots"]) == {"amount", "iban"}


async def test_the_first_project_answers_where_none_is_named(client: LangGraphClient) -> None:
    thread = (await client.threads.create())["thread_id"]
    await client.runs.wait(thread, "switchboard", input={"message": "hello"})

    state = (await client.threads.get_state(thread))["values"]
    assert isinstance(state, dict)
    assert state["project"] == "bank"


async def test_the_reply_is_streamed(client: LangGraphClient) -> None:
    thread = (await client.threads.create())["thread_id"]
    pieces = [
        part.data["delta"]
        async for part in client.runs.stream(
            thread, "switchboard", input={"message": "EFT ücreti ne kadar?"}, stream_mode="custom"
        )
        if part.event == "custom"
    ]

    values = (await client.threads.get_state(thread))["values"]
    assert isinstance(values, dict)
    assert "".join(pieces) == values["reply"]


async def test_nothing_blocked_its_event_loop(studio: Studio) -> None:
    assert "BlockingError" not in studio.log.read_text(errors="replace")
