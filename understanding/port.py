"""What every engine of understanding is asked and answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from pydantic import JsonValue

from config.versions import Version
from dialogue.commands import Command
from dialogue.state import EngineReading, ModelUse, OpenQuestion, Ranked


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One message and what must be known to read it."""

    message: str
    locale: str
    """The session's language."""
    now: datetime
    """Aware, in the project's time zone."""
    open: OpenQuestion | None = None
    """What the bot waits for."""
    intent: str | None = None
    """The intent of the flow on top of the stack."""
    filled: Mapping[str, JsonValue] = field(default_factory=dict)
    """The values of the top flow's slots, the last given first."""
    answered: bool = False
    """Whether the turn before answered a question from the knowledge."""
    changed: bool = False
    """Whether something was done in this conversation that changed something outside."""
    done: str | None = None
    """The intent of what was done last, where it changed something."""
    waiting: tuple[str, ...] = ()
    """Intents of the flows below, nearest first."""
    history: tuple[tuple[str, str], ...] = ()
    """(role, content), oldest first; role is user or assistant."""
    deadline: float | None = None
    """`asyncio` loop time at which the turn must have ended."""
    model_allowed: bool = True
    """False when the turn's or the day's budget is used up."""


@dataclass(frozen=True, kw_only=True)
class Understood:
    """What the message asks for, and how sure the engine is."""

    commands: tuple[Command, ...]
    ranking: tuple[Ranked, ...] = ()
    """Best first."""
    certainty: float | None = None
    """Probability that the commands are right, 0…1; None where the engine cannot say."""
    engine: str = "embedded"
    locale: str | None = None
    """The language the message is clearly in, if it is one of the project's."""
    models: tuple[ModelUse, ...] = ()
    notices: tuple[str, ...] = ()
    """What degraded: a dead model, a fallback."""
    readings: tuple[EngineReading, ...] = ()
    """What each engine that read the message made of it; one of them serves."""


class Understanding(Protocol):
    """Turns a message into commands."""

    async def prepare(self, version: Version) -> None:
        """Train or load what `version` needs, off the event loop; cached by content, so calling it again is cheap."""

    async def understand(self, version: Version, situation: Situation) -> Understood:
        """Read one message; never raises for what a customer or a model says."""
