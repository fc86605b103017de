"""The bodies of requests and answers: names, types, limits, and examples for OpenAPI."""

import math
from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, field_validator

from dialogue.quick_replies import QuickReply
from dialogue.state import Outcome, TransferReason
from serving.text import cleaned

_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"

Text = Annotated[str, BeforeValidator(cleaned)]
"""What a person wrote, cleaned of what is invisible or broken."""

Identifier = Annotated[str, Field(min_length=1, max_length=200, pattern=_PRINTABLE)]
"""An id that the caller chooses: printable, on one line."""

ProjectName = Annotated[str, Field(min_length=1, max_length=64)]
"""A bot of the caller's, by its name."""


class HistoryPart(BaseModel):
    """A piece of a message in the shape that chat models use."""

    model_config = ConfigDict(extra="ignore")

    type: str = "text"
    text: Text = ""


class HistoryMessage(BaseModel):
    """A message of the conversation that the caller has and the service may not; what else it holds is ignored."""

    model_config = ConfigDict(extra="ignore")

    role: Annotated[Text, Field(max_length=40, examples=["user"])] = Field(
        description=(
            "user or human, assistant or ai; messages of other roles are left out, and counted in "
            "`metadata.diagnostics.history.ignored`."
        )
    )
    content: Text | list[HistoryPart] = Field(description="The text, or text parts.", examples=["Merhaba"])

    @property
    def text(self) -> str:
        """The text, of all parts together."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content if part.type == "text")


class ChatRequest(BaseModel):
    """One message of a customer. Who the tenant is comes from the key, never from here."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"message": "500 lira göndermek istiyorum", "session_id": "web-42", "project": "bank", "locale": "tr"}
            ]
        },
    )

    message: Text = Field(
        validation_alias=AliasChoices("message", "current_message", "currentMessage"),
        description="What the customer says. Also accepted as `current_message` or `currentMessage`.",
    )
    session_id: Identifier = Field(
        validation_alias=AliasChoices("session_id", "sessionId"),
        description="The conversation, named by the caller. Also accepted as `sessionId`.",
    )
    project: ProjectName | None = Field(None, description="The bot; may be left out where the tenant has one.")
    channel_type: Annotated[str, Field(min_length=1, max_length=40, pattern=_PRINTABLE)] = Field(
        "web",
        validation_alias=AliasChoices("channel_type", "channelType"),
        description="Where the customer writes. Also accepted as `channelType`.",
    )
    locale: Annotated[str, Field(max_length=35)] | None = Field(
        None, description="The customer's language; one the project does not speak falls back to its default."
    )
    history: list[HistoryMessage] = Field([], description="What was said before, oldest first, as the caller has it.")
    metadata: dict[str, JsonValue] = Field({}, description="Whatever the caller wants to keep with the turn.")
    message_id: Identifier | None = Field(
        None,
        validation_alias=AliasChoices("message_id", "messageId"),
        description="Sent again, it returns the first answer and does nothing twice. Also accepted as `messageId`.",
    )

    @field_validator("metadata")
    @classmethod
    def _finite(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if not all_finite(value):
            raise ValueError("numbers must be finite")
        return value


def all_finite(value: JsonValue) -> bool:
    """Whether every number in it is one that JSON can carry."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(all_finite(item) for item in value.values())
    return all(all_finite(item) for item in value) if isinstance(value, list) else True


class Citation(BaseModel):
    """A passage that the reply rests on."""

    model_config = ConfigDict(extra="allow")

    source: str
    title: str = Field(description="The document's title; of a FAQ row its question.")
    score: float = Field(
        ge=0, le=1, description="How near it is: 0 as near as unrelated questions come, 1 the nearest there is."
    )
    text: str


class ChatAnswer(BaseModel):
    """What one turn came to."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "reply": "500 TL'yi hangi IBAN'a göndereyim?",
                    "confidence": 0.97,
                    "should_transfer": False,
                    "transfer_reason": None,
                    "outcome": "asked",
                    "intent": "send_money",
                    "slots": {"amount": {"amount": 500, "currency": "TRY"}},
                    "asks": ["iban"],
                    "quick_replies": [],
                    "citations": [],
                    "session_id": "web-42",
                    "message_id": "m-7",
                    "version": "draft-1f0c2ab9",
                    "locale": "tr",
                    "metadata": {"diagnostics": {"engine": "embedded", "commands": [], "timing_ms": {}}},
                }
            ]
        },
    )

    reply: str
    confidence: float | None = Field(None, ge=0, le=1, description="null where nothing was judged.")
    should_transfer: bool = False
    transfer_reason: TransferReason | None = None
    outcome: Outcome
    intent: str | None = None
    slots: dict[str, JsonValue] = Field({}, description="What is known, by slot name, in canonical form.")
    asks: list[str] = Field([], description="The slots that the reply asks for.")
    quick_replies: list[QuickReply] = Field(
        [], description="What the customer may tap instead of typing: send `message` as the next message."
    )
    citations: list[Citation] = []
    session_id: str
    message_id: str
    version: str | None = None
    locale: str | None = None
    metadata: dict[str, JsonValue] = Field(
        {},
        description=(
            "`diagnostics` has at least engine, commands, intent_ranking, history, retrieval, confidence, llm, "
            "actions and timing_ms."
        ),
    )


class DeskMessage(BaseModel):
    """What a person at the desk writes to the customer."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "Merhaba", "agent": "Ayşe"}]})

    text: Annotated[Text, Field(min_length=1, max_length=10_000)]
    agent: Annotated[Text, Field(min_length=1, max_length=200)]
    message_id: Annotated[Text, Field(min_length=1, max_length=200)] | None = Field(
        None, description="Makes it idempotent: the same id again enters nothing twice."
    )

    @field_validator("text", "agent")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be empty")
        return value


class SearchRequest(BaseModel):
    """A question to the knowledge base alone."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"query": "havale ücreti", "project": "bank"}]}
    )

    query: Annotated[Text, Field(min_length=1, max_length=4000)]
    project: str | None = None
    locale: Annotated[str, Field(max_length=35)] | None = None
    limit: int = Field(10, ge=1, le=50)
    channel_type: Annotated[str, Field(max_length=40)] | None = Field(
        None, description="As if asked on this channel; without it the documents of all channels are searched."
    )
    labels: list[Annotated[str, Field(max_length=64)]] = Field(
        [], max_length=20, description="As if asked in a conversation with these labels."
    )


class Done(BaseModel):
    """The thing asked for was done."""

    status: Literal["done"] = "done"
