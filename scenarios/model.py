"""A scenario: a conversation that must go right, as `scenarios/*.yaml` writes it.

A turn is what the customer writes (`user`) or what the channel tells (`event: silence`, `event: begin`), perhaps after
a while (`wait_minutes`), and what must come of it (`expect`). The same `message_id` twice is one message sent again;
`now` is the moment at which the conversation begins.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from config.errors import Problem, ProjectError
from dialogue.state import Outcome, TransferReason


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _no_number(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError(  # noqa: TRY004 - what pydantic tells as a problem of the field
            "a day or a moment is written as 2026-03-11 or 2026-03-11T09:00"
        )
    return value


OneOrMore = Annotated[list[str], BeforeValidator(_listed)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ExpectedAction(_Strict):
    """How often an action was called since the scenario began, and with what."""

    name: str
    times: int | None = None
    body: JsonValue = Field(None, alias="json", description="Part of the last call's JSON body.")


class Expectation(_Strict):
    """What a turn must come to; only what is written is looked at."""

    outcome: Outcome | None = None
    intent: str | None = None
    asks: list[str] | None = None
    slots: dict[str, JsonValue] | None = Field(None, description="These slots have these values; others may be set.")
    reply_contains: OneOrMore | None = None
    reply_lacks: OneOrMore | None = None
    actions: list[ExpectedAction] | None = None
    transfer_reason: TransferReason | None = None
    cites: str | None = Field(None, description="A citation's source contains this.")
    locale: str | None = None
    problem: str | None = Field(None, description="The message is refused with this `kind`; its detail is the reply.")


class ScenarioTurn(_Strict):
    """What the customer says or the channel tells, and what must come of it."""

    user: str = Field("", description="What the customer writes; empty is an empty message.")
    event: Literal["silence", "begin"] | None = Field(None, description="What the channel tells instead of a message.")
    message_id: str | None = Field(None, description="The caller's id of it; the same one twice is a repetition.")
    wait_minutes: float = Field(0, ge=0, description="How long nothing happens before it, by the service's clock.")
    expect: Expectation = Expectation()

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.event is None and "user" not in self.model_fields_set:
            raise ValueError("a turn has what the `user` writes or an `event` of the channel")
        if self.event is not None and (self.user or self.message_id):
            raise ValueError("an event of the channel has neither `user` nor `message_id`")
        return self


class StubAnswer(_Strict):
    """What the project's API answers in this scenario."""

    status: int = 200
    body: JsonValue = Field(None, alias="json")
    text: str | None = None
    headers: dict[str, str] = {}
    delay: float = Field(0, ge=0, le=120, description="Seconds before the answer.")


class Scenario(_Strict):
    """One conversation."""

    name: str
    tags: OneOrMore = Field([], description="What it shows, in words of the author's.")
    locale: str | None = None
    channel: str = "web"
    now: Annotated[datetime, BeforeValidator(_no_number)] | None = Field(
        None,
        description="When it begins: `tomorrow` is always the same day. Without an offset in the project's time zone.",
    )
    turns: list[ScenarioTurn] = Field(min_length=1)
    api: dict[str, StubAnswer | list[StubAnswer]] = Field({}, description="By action; a list answers call after call.")

    @property
    def waits(self) -> bool:
        """Whether time passes in it, so that no other may be under way."""
        return any(turn.wait_minutes for turn in self.turns)

    def begins(self, timezone: str) -> datetime | None:
        """When it begins, aware; None where it says nothing of it."""
        if self.now is None or self.now.tzinfo is not None:
            return self.now
        return self.now.replace(tzinfo=ZoneInfo(timezone))


Status = Literal["passed", "failed"]

_SCENARIOS = TypeAdapter(list[Scenario])


def load_scenarios(path: Path) -> list[Scenario]:
    """The scenarios of one file; raises ProjectError naming the file and the place."""
    try:
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        problem = Problem(file=str(path), line=line, column=column, message=str(error.problem))
        raise ProjectError([problem]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError([Problem(file=str(path), message=f"cannot be read: {type(error).__name__}")]) from error
    try:
        return _SCENARIOS.validate_python(content or [])
    except ValidationError as error:
        problems = [
            Problem(
                file=str(path),
                key=".".join(str(part) for part in told["loc"]),
                message=told["msg"].removeprefix("Value error, "),
            )
            for told in error.errors(include_url=False)
        ]
        raise ProjectError(problems) from error


def scenario_files(folder: Path) -> list[Path]:
    """The scenario files of a project, in order of their names."""
    return sorted(path for path in (folder / "scenarios").glob("*.y*ml") if path.suffix in (".yaml", ".yml"))
