"""What the three back offices share: refusals, the clock, counting what took effect, and answering a repeated key.

Handlers never await between looking and writing, so each request is carried out as one piece.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel, ConfigDict, JsonValue

IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=255)]
Answer = dict[str, JsonValue]


class RefusedError(Exception):
    """The company says no: an HTTP status, a code and a sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class Form(BaseModel):
    """A request body; numbers are welcome where a text is meant, unknown keys are not."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


class Money(Form):
    """An amount in a currency."""

    amount: Decimal
    currency: str = "TRY"


def money(amount: Decimal | float, currency: str) -> Answer:
    """An amount as it stands in answers."""
    return {"amount": round(float(amount), 2), "currency": currency}


@dataclass
class Books:
    """What was done since the start, across the three companies."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    slow_seconds: float = 8.0
    effects: Counter[str] = field(default_factory=Counter)
    answered: dict[tuple[str, str], tuple[str, Answer]] = field(default_factory=dict)
    handed: list[Answer] = field(default_factory=list)
    """What the desk was given."""

    def today(self) -> date:
        """The date on the companies' wall."""
        return self.now().date()

    def number(self, kind: str, prefix: str) -> str:
        """Counts one effect of this kind and names it."""
        self.effects[kind] += 1
        return f"{prefix}-{self.effects[kind]:06d}"

    def once(
        self, kind: str, key: str | None, body: BaseModel | None, act: Callable[[], Answer], *, about: str = ""
    ) -> Answer:
        """Carry out `act`, or answer what was answered to this key before."""
        if key is None:
            return act()
        fingerprint = hashlib.sha256(f"{about}\n{body.model_dump_json() if body else ''}".encode()).hexdigest()
        known = self.answered.get((kind, key))
        if known is None:
            answer = act()
            self.answered[kind, key] = (fingerprint, answer)
            return answer
        if known[0] != fingerprint:
            raise RefusedError(422, "key_reused", "This Idempotency-Key was used for another request.")
        return json.loads(json.dumps(known[1]))  # type: ignore[no-any-return]  # it was JSON when it was stored

    def clear(self) -> None:
        """Forget everything that was done."""
        self.effects.clear()
        self.answered.clear()
        self.handed.clear()
