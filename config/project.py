"""What a bot author writes: the models of `project.yaml`, frozen, unknown keys refused.

Nothing here reads a file; `config.loading` does, and turns mistakes into messages with a line and a column.
A text is one string for every locale or one per locale; `localized` picks.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import Field, JsonValue, field_validator, model_validator

from config.authentication import Auth, Model

DEFAULT_TENANT: Final = "default"

LocalizedText = str | dict[str, str]
"""One text for every locale, or one text per locale."""

SlotType = Literal[
    "text",
    "name",
    "id",
    "choice",
    "number",
    "integer",
    "boolean",
    "date",
    "time",
    "datetime",
    "duration",
    "money",
    "phone",
    "email",
    "count",
    "location",
]

ErrorKind = Literal[
    "session_not_found",
    "project_not_found",
    "version_not_found",
    "intent_not_found",
    "api_timeout",
    "api_error",
    "parameter_validation",
    "llm_error",
    "llm_timeout",
    "session_expired",
    "rate_limit",
    "internal_error",
]
"""The kinds of friendly error; each has a built-in text in every shipped locale."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""An intent's, slot's or action's name: it also names a tool for a model, a template variable and a column."""

ProjectName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


def localized(text: LocalizedText | None, locale: str, default: str) -> str | None:
    """The text in `locale`, else in the `default` locale, else in any; None where there is no text at all."""
    if text is None or isinstance(text, str):
        return text
    return text.get(locale) or text.get(default) or next(iter(text.values()), None)


class Slot(Model):
    """A value the bot needs from the customer: its type, its rules and the words to ask for it."""

    type: SlotType = Field("text", description="What kind of value it is; it decides what is understood and said.")
    title: LocalizedText | None = Field(None, description="How the slot is called when talking to a customer.")
    ask: LocalizedText | None = Field(None, description="The question that asks for it.")
    invalid: LocalizedText | None = Field(None, description="Said when a value is of the right type but not allowed.")
    wrong_type: LocalizedText | None = Field(None, description="Said when no value of this type was understood.")
    why: LocalizedText | None = Field(None, description="Said when the customer asks why it is needed.")
    hint: LocalizedText | None = Field(None, description="What to look for, in words for a model.")
    required: bool = Field(True, description="Whether it is asked for; else it is only taken where it is said.")
    sensitive: bool = Field(False, description="Masked in logs, traces and the desk's packet.")
    default: JsonValue = Field(None, description="Taken when the customer says nothing of it.")
    variable: Name | None = Field(
        None, description="The session variable it is shared under; the slot's name if unset."
    )
    pattern: str | None = Field(None, description="A regular expression the whole value must match.")
    format: Literal["iban", "tckn", "card", "imei", "cn_resident_id", "vin"] | None = Field(
        None, description="A checksummed identifier."
    )
    values: dict[str, dict[str, list[str]]] | list[str] | None = Field(
        None, description="Of a choice or a location: keys, or keys with synonyms per locale."
    )
    min: float | str | None = Field(
        None, description="Smallest allowed; for dates also `today`, `today+3d`, an ISO date."
    )
    max: float | str | None = Field(None, description="Largest allowed; for dates also `today+30d` or an ISO date.")
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$", description="ISO 4217; assumed when none is said.")
    region: str | None = Field(
        None, pattern=r"^[A-Z]{2}$", description="ISO 3166 country of phone numbers without one."
    )
    prefer: Literal["future", "past"] = Field("future", description="Which way an open date is read.")
    cues: dict[str, list[str]] | None = Field(None, description="Words near its value, per locale: `from`, `nereden`.")
    depends_on: list[Name] = Field([], description="Slots whose correction clears this one.")
    group: str | None = Field(None, description="Slots of one group are asked in one question.")

    @property
    def choices(self) -> Mapping[str, Mapping[str, list[str]]]:
        """The allowed keys with their synonyms per locale; empty where any value is allowed."""
        if isinstance(self.values, list):
            return {key: {} for key in self.values}
        return self.values or {}


class Intent(Model):
    """Something a customer may want: how it is said, what it needs, and what is then done."""

    description: str = Field("", description="Read by a model and by people; one sentence.")
    title: LocalizedText | None = Field(None, description="How it is called when talking to a customer.")
    examples: dict[str, list[str]] = Field({}, description="What customers say; `[500 lira](amount)` marks a slot.")
    slots: dict[Name, Slot] = Field({}, description="In the order in which they are asked.")
    action: Name | None = Field(None, description="What is called once its slots are known.")
    confirm: bool | None = Field(None, description="Ask before acting; by default where the action's effect is write.")
    digressions: Literal["allow", "ask", "block"] = Field(
        "allow", description="Another wish in the middle of it is begun, asked about first, or put off."
    )
    when: str | None = Field(None, description="A guard: the intent can start only where this expression is true.")
    reply: LocalizedText | None = Field(None, description="A fixed reply, or the reply after the slots are known.")
    transfer: bool = Field(False, description="Hand over to a person once its slots are known.")
    undo_with: Name | None = Field(
        None,
        description="The intent that takes it back, for customers who have second thoughts once it is done.",
    )


class Action(Model):
    """A call of the business's API, described as data."""

    title: LocalizedText | None = Field(None, description="How the service is called in an error text.")
    description: str = Field("", description="What it does, in a sentence for people and agents.")
    effect: Literal["read", "write"] = Field(
        "read", description="Whether it changes something; POST, PUT, PATCH and DELETE do unless `read` stands here."
    )
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] = Field("GET", description="The HTTP method.")
    url: str = Field(description="The address; a template, whose values are escaped.")
    auth: Name | None = Field(None, description="One of `auth`.")
    headers: dict[str, str] = Field({}, description="Headers; templates.")
    query: dict[str, JsonValue] = Field({}, description="Parameters of the query; templates, empty ones are left out.")
    body: JsonValue = Field(None, alias="json", description="The JSON body; a lone template keeps its value's type.")
    form: dict[str, str] | None = Field(None, description="A form as the body, instead of `json`.")
    text: str | None = Field(None, description="Plain text as the body, instead of `json`.")
    timeout: float = Field(10, gt=0, le=120, description="Seconds for the whole call.")
    retries: int = Field(0, ge=0, le=5, description="For reads, and for writes the API deduplicates.")
    idempotency: bool = Field(False, description="The API honours the Idempotency-Key it is sent.")
    status: Name | None = Field(None, description="The action that tells whether an uncertain call took effect.")
    result: dict[Name, str] = Field({}, description="Variables from the JSON answer, by JMESPath.")
    reply: LocalizedText | None = Field(None, description="Said when it succeeded; a template over `result`.")
    reply_prompt: str | None = Field(None, description="A model words the answer; `reply` is the fallback.")
    errors: dict[int, LocalizedText] = Field({}, description="What is said for an HTTP status.")

    @property
    def writes(self) -> bool:
        """Whether it changes something; a method that usually does counts unless the author says `effect: read`."""
        if "effect" in self.model_fields_set:
            return self.effect == "write"
        return self.method not in ("GET", "HEAD")

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        given = [name for name in ("body", "form", "text") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError("an action has one body: use only one of json, form, text")
        return self


class KnowledgeSource(Model):
    """A file or folder of documents that are not for everybody."""

    path: str = Field(description="The file or folder, from the project's folder.")
    labels: list[str] = Field([], description="Found in conversations that have one of these labels, or none at all.")
    channels: list[str] = Field([], description="Found on these channels (`channel_type`) only.")


class Knowledge(Model):
    """Which documents the bot answers from, and how much of them one answer may read."""

    sources: list[str | KnowledgeSource] = Field(
        ["knowledge/"], description="Files and folders; as `{path, labels, channels}` not for everybody."
    )
    max_evidence_tokens: int = Field(2000, ge=50, le=100_000, description="How much of them one answer may read.")
    top_k: int = Field(5, ge=1, le=50, description="How many passages one answer may read.")
    enabled: bool = Field(True, description="Whether it answers from documents at all.")

    @property
    def paths(self) -> list[str]:
        """The files and folders of `sources`."""
        return [one if isinstance(one, str) else one.path for one in self.sources]


class FittedConfidence(Model):
    """The fitted number: below `low` transfer, up to `high` answer and offer a person."""

    rule: Literal["fitted"] = Field("fitted", description="This rule.")
    low: float = Field(0.3, ge=0, le=1, description="Below it a person takes over.")
    high: float = Field(0.6, ge=0, le=1, description="Up to it a person is offered with the answer.")


class SimpleConfidence(Model):
    """The rule over raw retrieval scores, for embeddings whose cosines spread."""

    rule: Literal["simple"] = Field(description="This rule.")
    score_threshold: float = Field(0.7, ge=0, le=1, description="A passage with this score counts as a hit.")
    min_hits: int = Field(1, ge=0, description="Fewer hits are not sufficient.")
    low: float = Field(0.5, ge=0, le=1, description="Below it a person takes over.")
    high: float = Field(0.8, ge=0, le=1, description="Up to it a person is offered with the answer.")
    insufficient_penalty: float = Field(0.3, ge=0, le=1, description="Taken off where the hits are not sufficient.")


class Desk(Model):
    """Where a transfer is announced."""

    webhook: str = Field(description="The address that a transfer is POSTed to.")
    secret: str | None = Field(None, description="What it is signed with: `${NAME}`.")


class Chatwoot(Model):
    """A Chatwoot account whose agent bot this project is: conversations come from it, and go to its people."""

    url: str = Field(description="Where Chatwoot is: `https://chat.example.com`.")
    account: int = Field(ge=1, description="The number of the account.")
    token: str = Field(description="The agent bot's access token: `${NAME}`.")
    secret: str = Field(description="What Chatwoot signs the agent bot's webhook with: `${NAME}`.")


class Transfer(Model):
    """When a person takes over, and who is told."""

    after_failures: int = Field(3, ge=1, le=20, description="Turns in a row that failed, by any cause together.")
    on_low_confidence: bool = Field(True, description="Transfer below `confidence.low`.")
    on_action_failed: bool = Field(
        True, description="Transfer when an action fails without a text of the author's for it."
    )
    desk: Desk | None = Field(None, description="Where a transfer is announced.")
    chatwoot: Chatwoot | None = Field(None, description="A Chatwoot inbox as the desk.")
    hours: str | None = Field(None, description="When people are there: `Mon-Fri 09:00-18:00`; always if unset.")
    wait_minutes: float | None = Field(
        None, gt=0, description="If nobody has taken a transfer after this long, the bot answers again; never if unset."
    )


class Limits(Model):
    """What one message, one turn and one day may use."""

    message_chars: int = Field(4000, ge=1, le=100_000, description="Characters of one message; more is refused.")
    turn_seconds: float = Field(30, gt=0, le=600, description="Seconds of one turn; then it falls back and says so.")
    history_tokens: int = Field(4000, ge=0, le=200_000, description="How much of the past a turn may read.")
    llm_calls_per_turn: int = Field(3, ge=0, le=20, description="Calls of a model in one turn.")
    llm_tokens_per_day: int = Field(
        2_000_000, ge=0, description="What is used up leaves the embedded engine, until midnight UTC."
    )
    turns_per_minute: int | None = Field(
        None, ge=1, description="Turns that all of the bot's customers together may have; no limit if unset."
    )
    max_params_per_question: int = Field(2, ge=1, le=10, description="Slots that one question may ask for.")


class SessionRules(Model):
    """How long a conversation lasts, and what a second message does while one is being answered."""

    idle_minutes: float = Field(60, gt=0, description="After this much silence the session greets anew.")
    busy: Literal["queue", "reject", "merge", "interrupt"] = Field(
        "queue",
        description="A second message while one is answered waits (queue), is refused (reject), is read together with "
        "those that come within `burst_seconds` (merge), or stops the turn before it does or says anything and is read "
        "together with its message (interrupt).",
    )
    burst_seconds: float = Field(1.0, gt=0, le=30, description="With `busy: merge`: a burst ends after so much quiet.")
    empty_message: Literal["ask", "refuse"] = Field(
        "ask", description="An empty message is answered with the open question, or refused."
    )
    hang_up: Literal["finish", "stop"] = Field(
        "finish",
        description="A caller hangs up before an action that changes something: it is done, and its receipt shown on "
        "return (finish), or it is not done, and asked about again (stop; with `busy: queue` and `reject`).",
    )


class Project(Model):
    """One bot of a tenant: all that `project.yaml` says."""

    name: ProjectName = Field(description="The folder's name.")
    tenant: ProjectName = Field(DEFAULT_TENANT, description="The company whose bot it is.")
    locales: list[Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")]] = Field(
        min_length=1, description="The languages it speaks; the first is the default."
    )
    timezone: str = Field("UTC", description="What `tomorrow` means: an IANA name such as `Europe/Istanbul`.")
    persona: LocalizedText = Field("", description="Who it is and how it speaks: the general prompt of a model.")
    understanding: Literal["embedded", "llm", "hybrid"] = Field(
        "hybrid", description="Who reads messages: the embedded engine, a model, or a model where the engine is unsure."
    )
    sure: float = Field(
        0.75,
        ge=0,
        le=1,
        description="In hybrid mode the embedded reading stands from this certainty on; below it the model is asked. "
        "`switchboard evaluate` shows what each value costs and brings.",
    )
    texts: dict[str, dict[str, str]] = Field({}, description="Built-in texts overridden, per locale.")
    slots: dict[Name, Slot] = Field({}, description="Slots shared by several intents.")
    intents: dict[Name, Intent] = Field({}, description="What a customer may want.")
    actions: dict[Name, Action] = Field({}, description="Calls of the business's API.")
    auth: dict[Name, Auth] = Field({}, description="How actions say who they are.")
    allow_hosts: list[str] = Field([], description="Hosts that actions may reach besides those in their addresses.")
    knowledge: Knowledge = Field(Knowledge(), description="What it answers questions from.")
    confidence: Annotated[FittedConfidence | SimpleConfidence, Field(discriminator="rule")] = Field(
        FittedConfidence(), description="From when on it is sure enough."
    )
    transfer: Transfer = Field(Transfer(), description="When a person takes over, and where that is announced.")
    limits: Limits = Field(Limits(), description="What it may use.")
    session: SessionRules = Field(SessionRules(), description="How long a conversation lasts, and what interrupts it.")

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"unknown time zone {value!r}; expected an IANA name such as 'Europe/Istanbul'") from error
        return value

    @property
    def default_locale(self) -> str:
        """The first locale: what is spoken until the customer's language is known."""
        return self.locales[0]

    def slot(self, intent: str, name: str) -> Slot:
        """An intent's slot with what the shared slot of that name adds; keys the intent gives win."""
        own = self.intents[intent].slots[name]
        shared = self.slots.get(name)
        if shared is None:
            return own
        return shared.model_copy(update={key: getattr(own, key) for key in own.model_fields_set})

    def slots_of(self, intent: str) -> dict[str, Slot]:
        """All slots of an intent, in the author's order, shared ones completed."""
        return {name: self.slot(intent, name) for name in self.intents[intent].slots}

    def needs_confirmation(self, intent: str) -> bool:
        """Whether the customer must say yes first: as written, else where the action changes something."""
        spec = self.intents[intent]
        if spec.confirm is not None:
            return spec.confirm
        return spec.action is not None and spec.action in self.actions and self.actions[spec.action].writes

    def say(self, text: LocalizedText | None, locale: str) -> str | None:
        """A text of this project in `locale`, falling back to the default locale."""
        return localized(text, locale, self.default_locale)
