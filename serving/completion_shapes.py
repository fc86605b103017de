"""The bodies of `/v1`, as clients of OpenAI's chat completions know them; what a bot has no use for is ignored."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from serving.contract import HistoryPart, Identifier, Text, all_finite

_USER: JsonValue = {"role": "user", "content": "500 lira göndermek istiyorum"}


class CompletionMessage(BaseModel):
    """A message of the conversation as the caller has it."""

    model_config = ConfigDict(extra="ignore")

    role: Annotated[Text, Field(max_length=40, examples=["user"])] = Field(
        description="user or assistant; messages of other roles are left out: the bot's persona is its project's."
    )
    content: Text | list[HistoryPart] | None = Field(
        None, description="The text, or parts of which text is read.", examples=["Merhaba"]
    )

    @property
    def text(self) -> str:
        """The text, of all parts together."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream has besides the reply."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool = Field(False, description="A last piece with the tokens.")


class CompletionMetadata(BaseModel):
    """Whatever the caller wants to keep with the turn; two keys mean something."""

    model_config = ConfigDict(extra="allow")

    session_id: Identifier | None = Field(None, description="The conversation; before every other name for it.")
    locale: Annotated[str, Field(max_length=35)] | None = Field(None, description="The customer's language.")

    @model_validator(mode="after")
    def _finite(self) -> Self:
        if not all_finite(self.model_extra):
            raise ValueError("numbers must be finite")
        return self


class CompletionRequest(BaseModel):
    """A conversation whose last message is the customer's. Sampling parameters and tools are ignored."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={"examples": [{"model": "bank", "messages": [_USER], "user": "customer-17"}]},
    )

    model: Annotated[str, Field(min_length=1, max_length=64)] = Field(description="The project.", examples=["bank"])
    messages: list[CompletionMessage] = Field(min_length=1, description="Oldest first; the last one is the turn.")
    stream: bool | None = Field(None, description="Answer in pieces.")
    stream_options: StreamOptions | None = None
    user: Identifier | None = Field(
        None,
        description="The customer: all that is said for one `user` is one conversation, unless a session is named.",
    )
    metadata: CompletionMetadata | None = None
    n: int | None = Field(None, ge=1, le=1, description="A turn has one answer.")

    @property
    def wants_usage(self) -> bool:
        """Whether a stream ends with the tokens."""
        return self.stream_options is not None and self.stream_options.include_usage


class Usage(BaseModel):
    """Tokens of the language model in this turn; none where the embedded engine answered."""

    prompt_tokens: int = Field(examples=[0])
    completion_tokens: int = Field(examples=[0])
    total_tokens: int = Field(examples=[0])


class ReplyMessage(BaseModel):
    """The bot's reply."""

    role: Literal["assistant"] = "assistant"
    content: str = Field(examples=["Paranın gideceği IBAN nedir?"])


class Choice(BaseModel):
    """The one answer."""

    index: int = 0
    message: ReplyMessage
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class Completion(BaseModel):
    """The answer."""

    id: str = Field(examples=["chatcmpl-m-7"])
    object: Literal["chat.completion"] = "chat.completion"
    created: int = Field(description="Seconds since 1970.", examples=[1893456000])
    model: str = Field(examples=["bank"])
    choices: list[Choice]
    usage: Usage
    system_fingerprint: str | None = Field(None, description="The project's version.", examples=["draft-1f0c2ab9"])
    switchboard: dict[str, JsonValue] | None = Field(
        None,
        description="The whole answer, as of `POST /chat`: outcome, quick replies, citations, session.",
        examples=[{"reply": "Paranın gideceği IBAN nedir?", "outcome": "asked", "session_id": "customer-17"}],
    )


class Model(BaseModel):
    """A project, as a model."""

    id: str = Field(description="What `model` names.", examples=["bank"])
    object: Literal["model"] = "model"
    created: int = Field(description="When this service began, in seconds since 1970.", examples=[1893456000])
    owned_by: str = Field(description="The tenant.", examples=["demo"])


class Models(BaseModel):
    """The projects that the key reaches."""

    object: Literal["list"] = "list"
    data: list[Model]


def usage_of(answer: Mapping[str, JsonValue]) -> Usage:
    """The tokens that an answer's diagnostics tell of."""
    metadata = answer.get("metadata")
    diagnostics = metadata.get("diagnostics") if isinstance(metadata, dict) else None
    model = diagnostics.get("llm") if isinstance(diagnostics, dict) else None
    read, written = (_number(model.get(name)) if isinstance(model, dict) else 0 for name in _TOKENS)
    return Usage(prompt_tokens=read, completion_tokens=written, total_tokens=read + written)


_TOKENS = ("input_tokens", "output_tokens")


def _number(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0
