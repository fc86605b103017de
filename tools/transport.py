"""Opens connections only to addresses that an egress list allows; the name that was checked is the one connected to."""

import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

import anyio
import httpcore2
import httpx2

from tools.egress import Address, Egress
from tools.errors import EgressRefusedError

MAX_POOLS: Final = 128

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port → addresses as texts."""


async def resolve_host(host: str, port: int) -> Sequence[str]:
    """The addresses the system's resolver gives."""
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass
class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Opens connections for one egress list: resolves, checks every address, connects to one of them."""

    egress: Egress
    resolve: Resolve = resolve_host
    inner: httpcore2.AsyncNetworkBackend = field(default_factory=httpcore2.AnyIOBackend)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the base class's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first checked address that answers; TLS still asks for the name."""
        try:
            with anyio.fail_after(timeout):
                addresses = await self._addresses(host, port)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout("the name was not resolved in time") from error
        failure: httpcore2.ConnectError | httpcore2.ConnectTimeout = httpcore2.ConnectError("the name has no address")
        for address in addresses:
            try:
                stream = await self.inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
                return _Stream(stream)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _addresses(self, host: str, port: int) -> list[Address]:
        try:
            found: Sequence[str] = [str(ip_address(host.strip("[]")))]
        except ValueError:
            found = await self._resolved(host, port)
        return self.egress.check_addresses(host, found)

    async def _resolved(self, host: str, port: int) -> Sequence[str]:
        try:
            return await self.resolve(host, port)
        except OSError as error:
            raise httpcore2.ConnectError("the name was not resolved") from error


class _Stream(httpcore2.AsyncNetworkStream):
    """A connection that is closed when its TLS handshake is given up, not only when its peer goes."""

    def __init__(self, inner: httpcore2.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - as the base class
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as the base class
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - as the base class
    ) -> httpcore2.AsyncNetworkStream:
        done = False
        try:
            stream = await self._inner.start_tls(ssl_context, server_hostname, timeout)
            done = True
        finally:
            if not done:
                with anyio.CancelScope(shield=True):
                    await self._inner.aclose()
        return stream

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


@dataclass
class GuardedTransport(httpx2.AsyncBaseTransport):
    """Sends over connections that belong to the request's egress list; a request without one is refused."""

    resolve: Resolve = resolve_host
    tls: ssl.SSLContext = field(default_factory=httpcore2.default_ssl_context)
    _pools: dict[tuple[Egress, bool], httpcore2.AsyncConnectionPool] = field(default_factory=dict)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Check the url against the list, then send."""
        egress = request.extensions.get("egress")
        if not isinstance(egress, Egress):
            raise EgressRefusedError("a request without an egress list")
        egress.check_url(str(request.url))
        pool = await self._pool(egress, once=bool(request.extensions.get("once")))
        wire = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        answer = await pool.handle_async_request(wire)
        return httpx2.Response(
            answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions
        )

    async def aclose(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    async def _pool(self, egress: Egress, *, once: bool) -> httpcore2.AsyncConnectionPool:
        if (egress, once) not in self._pools:
            await self._make_room()
            self._pools[egress, once] = httpcore2.AsyncConnectionPool(
                ssl_context=self.tls,
                max_connections=100,
                max_keepalive_connections=0 if once else 20,
                keepalive_expiry=15.0,
                network_backend=GuardedBackend(egress, self.resolve),
            )
        return self._pools[egress, once]

    async def _make_room(self) -> None:
        """Lists come and go with versions; pools that nobody uses are closed when there are many."""
        if len(self._pools) < MAX_POOLS:
            return
        unused = [
            key
            for key, pool in self._pools.items()
            if all(one.is_idle() or one.is_closed() for one in pool.connections)
        ]
        for key in unused:
            await self._pools.pop(key).aclose()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._answer.aiter_stream():
            yield piece

    async def aclose(self) -> None:
        await self._answer.aclose()
