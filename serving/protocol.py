"""HTTP on the socket: a request's head is short and comes soon, or the connection ends.

uvicorn's parser keeps as many header bytes as a client sends, for as long as the client takes. Everything behind a
complete head (bodies, doubled headers) is the edge's business (`serving/edge.py`).
"""

from asyncio import TimerHandle, Transport
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from serving.problems import ProblemError, log_refusal, problem_response

HEAD_BYTES: Final = 64 * 1024
"""Received of a head that is not yet complete."""
HEAD_SECONDS: Final = 15.0


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's HTTP with bounds on the part it buffers by itself."""

    head_seconds = HEAD_SECONDS

    # The transport's type is the one that the parent class declares.
    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        self._head_bytes = 0
        self._head_timer: TimerHandle | None = None
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._forget_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and give up on a head that has no end."""
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request, whatever uvicorn's type says
        if cycle is None or cycle.response_complete:
            self._expect_head()
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_timer is not None and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._refuse("Request head too large.")

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._forget_timer()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Say so as every other refusal is said, and close."""
        problem = ProblemError(400, "validation", msg)
        content = bytes(problem_response(problem).body)
        log_refusal(problem, "none")
        head = (
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(content)}\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + content)
        self.transport.close()

    def _expect_head(self) -> None:
        if self._head_timer is None:
            self._head_bytes = 0
            self._head_timer = self.loop.call_later(self.head_seconds, self._refuse, "Request head too slow.")

    def _forget_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, why: str) -> None:
        self._forget_timer()
        if not self.transport.is_closing():
            self.send_400_response(why)
