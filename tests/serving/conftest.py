"""A real server on loopback around scripted services."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
import uvicorn
from structlog.testing import capture_logs

from config.versions import Version
from serving.app import create_app
from serving.auth import Key, Keys, Role, key_hash
from tests.serving.fakes import FakeKnowledge, FakeServices, FakeTurns, FakeVersions, Script, echo


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, object]]]:
    """The lines that the service logs."""
    with capture_logs() as lines:
        yield lines


@dataclass
class Service:
    """A running service and a client for it."""

    http: httpx.AsyncClient
    services: FakeServices
    address: str

    async def chat(self, message: str = "merhaba", **more: object) -> httpx.Response:
        """POST /chat."""
        return await self.http.post("/chat", json={"message": message, "session_id": "s1", **more})


StartService = Callable[..., Awaitable[Service]]


def make_key(secret: str, tenant: str, role: Role) -> Key:
    """A configured key."""
    return Key(hash=key_hash(secret), tenant=tenant, role=role)


class PromptServer(uvicorn.Server):
    """Says when it takes requests, and stops when told instead of at the next tick of its clock."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.takes_requests = asyncio.Event()
        self.told_to_stop = asyncio.Event()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.told_to_stop.wait()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.takes_requests.set()


@asynccontextmanager
async def serving(services: FakeServices, *, keys: Keys, debug: bool, heartbeat: float) -> AsyncIterator[Service]:
    """A server around `services`, and a client for it."""
    app = create_app(services.opened, keys=keys, debug=debug, heartbeat_seconds=heartbeat, drain_seconds=1)
    # Named TCP, because asyncio turns Nagle's algorithm off for sockets that say so only: 40 ms an answer otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = PromptServer(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=2))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await asyncio.wait_for(server.takes_requests.wait(), 10)
    try:
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=10) as client:
            yield Service(client, services, address)
    finally:
        server.told_to_stop.set()
        await task


@pytest_asyncio.fixture(loop_scope="module")
async def start() -> AsyncIterator[StartService]:
    """Starts a service; all of a test's services end with the test."""
    async with AsyncExitStack() as stack:

        async def begin(
            script: Script = echo,
            *,
            versions: Sequence[Version] = (),
            keys: Sequence[Key] = (),
            debug: bool = False,
            heartbeat: float = 10.0,
        ) -> Service:
            services = FakeServices(turns=FakeTurns(script))
            if versions:
                services.versions = FakeVersions(versions)
            return await stack.enter_async_context(serving(services, keys=Keys(keys), debug=debug, heartbeat=heartbeat))

        yield begin


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Service]:
    """One open service for a module: what one test sends may not hurt the next."""
    async with serving(FakeServices(), keys=Keys(), debug=False, heartbeat=10) as found:
        yield found


@pytest.fixture
def service(shared: Service) -> Service:
    """An open service with one project that says everything back, and remembers nothing yet."""
    shared.services.turns = FakeTurns()
    shared.services.knowledge = FakeKnowledge()
    return shared
