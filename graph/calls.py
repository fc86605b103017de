"""What a caller of the graph says and hears: one turn in, pieces and one end out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from dialogue.state import TurnEvent as TurnMade


@dataclass(frozen=True, kw_only=True)
class TurnCall:
    """One customer message, with who sent it already decided by the server."""

    tenant: str
    project: str
    session_id: str
    message: str
    message_id: str | None = None
    """Makes the turn idempotent; made up where the caller gives none."""
    message_id_made: bool = False
    """The server made the id up: nobody can have sent it before."""
    locale: str | None = None
    channel: str = "web"
    history: Sequence[Mapping[str, str]] = ()
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    event: TurnMade = "message"
    """What made the turn."""
    heard: int = 0
    """How many characters of the reply a caller who comes back has heard already."""
    left: Callable[[], bool] | None = None
    """Says whether a caller who waits for the whole answer has hung up."""


@dataclass(frozen=True)
class Delta:
    """A piece of the reply."""

    text: str


@dataclass(frozen=True)
class Final:
    """The whole answer, shaped as the contract's `POST /chat` answer."""

    answer: Mapping[str, JsonValue]


@dataclass(frozen=True, kw_only=True)
class Failed:
    """The turn broke: a friendly text, an id for the log, never the cause."""

    kind: str
    message: str
    error_id: str
    should_transfer: bool = True


TurnEvent = Delta | Final | Failed


class TurnRefusedError(Exception):
    """A turn that was not begun; `kind` is one of the contract's problem kinds."""

    def __init__(
        self, kind: str, detail: str, *, status: int, retry_after: float | None = None, reply: str | None = None
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.status = status
        self.retry_after = retry_after
        self.reply = reply
        """What a chat shows, in the session's language."""
