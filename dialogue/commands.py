"""The closed grammar of commands: what a customer's message asks the dialogue to do.

Engines of understanding speak only these; the policy reads only these. A command is plain data, tagged by its
`command` key, so that it can be checkpointed, logged and shown.
"""

from typing import Literal, NotRequired

from pydantic import JsonValue
from typing_extensions import TypedDict


class Start(TypedDict):
    """The customer wants this intent."""

    command: Literal["start"]
    intent: str


class Fill(TypedDict):
    """The customer gave a value; None takes a value back. `candidates` holds the readings of an ambiguous one."""

    command: Literal["fill"]
    slot: str
    value: JsonValue
    quote: str
    candidates: NotRequired[list[JsonValue]]


class Skip(TypedDict):
    """The customer does not want to give this value."""

    command: Literal["skip"]
    slot: str


class Undo(TypedDict):
    """The customer takes back the last change, or that of the slot that is named."""

    command: Literal["undo"]
    slot: NotRequired[str]


class Why(TypedDict):
    """The customer asks why this value is needed; None: whatever was asked."""

    command: Literal["why"]
    slot: str | None


class Question(TypedDict):
    """The customer asks something that the knowledge may answer."""

    command: Literal["question"]
    text: str


class Chat(TypedDict):
    """Talk beside the matter: which pattern answers it."""

    command: Literal["chat"]
    topic: Literal["greeting", "thanks", "goodbye", "insult", "robot", "smalltalk", "help", "language"]


class Clarify(TypedDict):
    """Several intents are about equally likely, best first.

    `held` are the values the message gives: the start of an intent, then its values, then the next intent's.
    """

    command: Literal["clarify"]
    intents: list[str]
    held: NotRequired[list[Start | Fill]]


class Unclear(TypedDict):
    """Nothing was understood, and why."""

    command: Literal["unclear"]
    reason: Literal["no_match", "empty", "too_long", "unreadable", "unsupported"]


class Act(TypedDict):
    """A dialogue act that needs no argument; `begin` and `silence` are told by the channel, not said."""

    command: Literal["affirm", "deny", "cancel", "restart", "repeat", "person", "begin", "silence"]


Command = Start | Fill | Skip | Undo | Why | Question | Chat | Clarify | Unclear | Act

CommandName = Literal[
    "start",
    "fill",
    "skip",
    "why",
    "question",
    "chat",
    "clarify",
    "unclear",
    "affirm",
    "deny",
    "cancel",
    "undo",
    "restart",
    "repeat",
    "person",
    "begin",
    "silence",
]
