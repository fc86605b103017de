"""The checkpointed state of one conversation: plain data only, ids instead of objects.

Keys are in four groups: the session, the transcript, the stack of flows, and the turn. `open_turn` empties the
turn's keys; every other node returns only what it changes, as new values (`DialogueUpdate`).
"""

from typing import Annotated, Literal, NotRequired

from langchain_core.messages import AnyMessage
from langgraph.graph.message import add_messages
from pydantic import JsonValue
from typing_extensions import TypedDict

from dialogue.citations import Citation
from dialogue.commands import Command
from dialogue.steps import add_steps, add_timings
from dialogue.weighed import Signs, Weights

Outcome = Literal[
    "answered", "asked", "clarifying", "confirming", "acted", "cancelled", "chatted", "transferred", "muted", "failed"
]

TransferReason = Literal[
    "requested",
    "low_confidence",
    "no_evidence",
    "repeated_failures",
    "action_failed",
    "outcome_unknown",
    "model_unavailable",
    "service_error",
    "policy",
]


class SlotRecord(TypedDict):
    """A slot's value with its provenance."""

    value: JsonValue
    """Canonical, as the contract's slot types say."""
    quote: str
    """The customer's words; empty where the source is not the customer."""
    source: Literal["customer", "api", "default", "profile"]
    turn: int
    verdict: Literal["valid", "skipped"]
    previous: "SlotRecord | None"
    """What it replaced, for `undo`."""


class Plan(TypedDict):
    """The exact action that will be done: what is confirmed is what is sent."""

    action: str
    arguments: dict[str, JsonValue]
    """The slots and shared variables the action's templates may read."""
    hash: str
    """SHA-256 over action and arguments; the confirmation is bound to it."""
    confirmed: bool


class Frame(TypedDict):
    """One flow on the stack: an intent being carried out."""

    flow_id: str
    """Unique in the session: `<turn>-<n>`; a part of the action's idempotency key."""
    intent: str
    slots: dict[str, SlotRecord]
    asked: list[str]
    """Slots asked for so far."""
    attempts: dict[str, int]
    """How often each slot was asked for without a usable answer."""
    status: Literal["collecting", "confirming", "acting", "done"]
    plan: Plan | None
    results: NotRequired[dict[str, JsonValue]]
    """What its action answered, as far as the intent that takes it back may need it."""


class OpenQuestion(TypedDict):
    """What the bot last asked and waits for."""

    kind: Literal[
        "slots", "ambiguous", "confirm", "clarify", "digression", "resume", "person", "anything_else", "reverse"
    ]
    flow_id: str | None
    slots: list[str]
    """Slots asked for, in order; the one slot of an ambiguous value."""
    intents: list[str]
    """Intents to choose from (clarify), or the one offered (digression, resume, reverse)."""
    candidates: list[JsonValue]
    """Readings of an ambiguous value."""
    text: str
    """The question as it was said, for `repeat`."""
    held: NotRequired[list[Command]]
    """What is done when the customer says yes to a digression."""


class Change(TypedDict):
    """One slot filled or corrected, newest last in `changes`: what `undo` takes back."""

    flow_id: str
    slot: str
    turn: NotRequired[int]
    """The turn it was made in; what older releases stored has none."""
    cleared: NotRequired[dict[str, SlotRecord]]
    """What depended on it and fell with the value before."""


class Counters(TypedDict):
    """What a session counts."""

    turns: int
    failures: int
    """Failures in a row, whatever their cause: not understood, wrong value, no answer, failed action."""


class TransferRecord(TypedDict):
    """A transfer under way or ended."""

    id: str
    reason: TransferReason
    turn: int
    at: str
    released: bool
    taken: NotRequired[bool]
    """Whether a person has spoken or said that they have it."""
    summary: NotRequired[str]
    """What the desk's packet says it is about."""


TurnEvent = Literal["message", "begin", "silence"]
"""What made the turn: the customer wrote, a channel opened the conversation, or the customer has been silent."""


class TurnRequest(TypedDict):
    """What the caller sent for this turn."""

    event: TurnEvent
    message: str
    message_id: str
    locale: str | None
    history: list[dict[str, str]]
    """The caller's own history: {role, content}, oldest first."""
    metadata: dict[str, JsonValue]


class Part(TypedDict):
    """One piece of the reply, in the order in which it is said."""

    kind: Literal["note", "reply", "answer", "question", "error"]
    text: str


class Ranked(TypedDict):
    """One intent of the ranking with its calibrated probability, 0…1."""

    intent: str
    score: float


class EngineReading(TypedDict):
    """What one engine of understanding made of a message."""

    engine: str
    commands: list[Command]
    certainty: float | None
    failure: str | None
    """Why it could not read, as `kind:detail`."""
    served: bool
    """Whether the turn goes by it."""


class ModelUse(TypedDict):
    """One call of a language model, for budgets and diagnostics."""

    purpose: str
    model: str
    input_tokens: int
    output_tokens: int
    mode: str
    """How it was asked: tools, json_schema, json_object, json, tagged, stream, text."""
    failure: str | None
    ms: float


class Passage(TypedDict):
    """A retrieved piece of knowledge."""

    id: str
    source: str
    title: str
    heading: str
    text: str
    score: float
    """Fused score: cosine + 0.1 × coverage."""
    cosine: float
    coverage: float
    relevance: NotRequired[float]
    """The score between what unrelated questions reach, 0, and the most there is, 1."""
    answer: NotRequired[str]
    """Of a FAQ row: its answer."""
    locale: NotRequired[str]
    """The language it is written in."""
    said: NotRequired[list[float]]
    """Cosines of its sentences (of a FAQ row: of its answer's), for choosing which to quote."""


class Retrieval(TypedDict):
    """What one search found, and the figures confidence is computed from."""

    query: str
    passages: list[Passage]
    hits: int
    max_score: float
    margin: float
    """Best fused score minus that of the best passage with other content."""
    baseline: float
    """Median best cosine of out-of-domain questions against this knowledge in this language."""
    crosses_language: bool
    insufficient: bool
    failure: str | None
    signs: NotRequired[Signs]
    weights: NotRequired[Weights]
    """Of the calibration fitted to this knowledge; without them the shipped ones count."""
    notice: NotRequired[str]
    """What is amiss although the search went well: a calibration that no longer fits."""


class Evidence(TypedDict):
    """Confidence as a vector with provenance; each part is 0…1 or None where nothing was judged."""

    understanding: float | None
    retrieval: float | None
    grounding: float | None
    action: float | None
    model: float | None
    rule: str
    weights: NotRequired[Literal["shipped", "project"]]
    """Of the fitted rule: whether the project was calibrated."""


class Receipt(TypedDict):
    """What became of one action; `key` is its idempotency key."""

    action: str
    flow_id: str
    status: Literal["succeeded", "failed", "unknown"]
    http_status: int | None
    result: dict[str, JsonValue]
    reference: str | None
    key: str
    error: str | None
    """One of the friendly error kinds."""
    ms: float
    replayed: bool


class Verdict(TypedDict):
    """What the policy decided is next; the routes read only `next`."""

    next: Literal["ask", "act", "answer", "reply", "transfer", "done"]
    outcome: Outcome
    asks: list[str]
    question: str | None
    """What to answer from the knowledge."""
    reason: TransferReason | None
    progress: Literal["made", "neutral", "failed"]
    """Whether the turn brought the conversation on; failures in a row are counted from it."""


class DialogueState(TypedDict, total=False):
    """The state of one thread. Nodes read it and never change it in place."""

    # --- session -------------------------------------------------------------------------------------------------
    tenant: str
    project: str
    version: str
    """The version the session began with; set once by open_turn."""
    session_id: str
    channel: str
    locale: str
    """The session's language; set by open_turn and detect_intent."""
    owner: Literal["bot", "person"]
    counters: Counters
    variables: dict[str, JsonValue]
    """Values shared between intents: slot variables and action results, by variable name."""
    transfer: TransferRecord | None
    last_active: str
    """ISO 8601 with offset, of the last turn."""
    silences: int
    """How often in a row the channel told that the customer is silent."""
    locale_settled: bool
    """Whether the customer's language was clear once."""

    # --- transcript ----------------------------------------------------------------------------------------------
    messages: Annotated[list[AnyMessage], add_messages]
    """Oldest first; only close_turn appends, and takes the oldest away where there are more than a turn may read."""
    outgrown: int
    """How many were taken away; the log has every turn."""

    # --- stack ---------------------------------------------------------------------------------------------------
    stack: list[Frame]
    """The last one is what we are talking about; the others wait."""
    open: OpenQuestion | None
    finished: list[Frame]
    """The last few flows that ended, newest last."""
    changes: list[Change]

    # --- turn ----------------------------------------------------------------------------------------------------
    message: str
    """The customer's words, as they entered; this and the next four are the graph's input."""
    message_id: str
    asked_locale: str | None
    history: list[dict[str, str]]
    metadata: dict[str, JsonValue]
    event: TurnEvent
    request: TurnRequest
    expired: bool
    """The session lay idle before this turn."""
    commands: list[Command]
    """What detect_intent understood; kept for the diagnostics."""
    pending: list[Command]
    """Those not yet carried out."""
    ranking: list[Ranked]
    engine: str
    certainty: float | None
    readings: list[EngineReading]
    """What each engine that read the message made of it; for the diagnostics."""
    notices: list[str]
    """What degraded in this turn, in words for the diagnostics."""
    models: list[ModelUse]
    verdict: Verdict
    parts: list[Part]
    reprise: str | None
    """The open question said again after an answer in mid-flow."""
    retrieval: Retrieval | None
    grounded: bool | None
    fallback: bool
    """The answer is a fixed text: there was no evidence, or nothing usable to answer with."""
    citations: list[Citation]
    receipts: list[Receipt]
    untold: list[Receipt]
    """What earlier turns did, or may have done, that ended before they could say so."""
    evidence: Evidence
    confidence: float | None
    should_transfer: bool
    transfer_reason: TransferReason | None
    outcome: Outcome
    reply: str
    streamed: str
    """What was already sent to a streaming caller; the reply begins with it."""
    intent: str | None
    asks: list[str]
    history_counts: dict[str, int]
    context_history: list[dict[str, str]]
    """The merged history of this turn (B7), {role, content}, oldest first, inside the token budget."""
    last_turn: "TurnRecord | None"
    """The last finished turn, checkpointed with its answer: a repeated message_id is answered from it."""
    timings: Annotated[dict[str, float], add_timings]
    path: Annotated[list[str], add_steps]
    """The steps of the turn in the order in which they were taken."""


class TurnRecord(TypedDict):
    """One finished turn."""

    message_id: str
    fingerprint: str
    """SHA-256 of the message; the same id with another text is a conflict."""
    answer: dict[str, JsonValue]


class DialogueUpdate(DialogueState, total=False):
    """What a node returns: only the keys it changes."""


class TurnInput(TypedDict, total=False):
    """What enters the graph: one customer message and what its caller knows."""

    message: str
    message_id: str
    asked_locale: str | None
    history: list[dict[str, str]]
    metadata: dict[str, JsonValue]
    event: TurnEvent


class TurnOutput(TypedDict, total=False):
    """What leaves the graph; the turn's record has the whole answer."""

    reply: str
    outcome: Outcome
    last_turn: TurnRecord
