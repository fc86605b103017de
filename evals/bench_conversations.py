"""What customers say in the benchmarks: a mix of conversations over the demo projects, worded anew each time."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

DATA: Final = Path(__file__).parent / "data" / "bench.yaml"


class Conversation(BaseModel):
    """One customer's turns, with gaps for what differs from session to session."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: str
    locale: str
    turns: tuple[str, ...]


class Mix(BaseModel):
    """All conversations, and the words that make their messages differ."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    openers: Mapping[str, Sequence[str]]
    endings: Mapping[str, Sequence[str]]
    conversations: tuple[Conversation, ...]

    @property
    def turns(self) -> int:
        """Turns of one round."""
        return sum(len(conversation.turns) for conversation in self.conversations)

    def worded(self, conversation: Conversation, variant: int) -> list[str]:
        """The messages of a conversation as customer number `variant` words them."""
        openers, endings = self.openers[conversation.locale], self.endings[conversation.locale]
        gaps = {
            "hi": openers[variant % len(openers)],
            "end": endings[variant // len(openers) % len(endings)],
            "n": 10 + variant * 7 % 890,
            "m": 20 + variant * 11 % 890,
        }
        return [turn.format(**gaps) for turn in conversation.turns]

    def sessions(self, first: int = 0) -> Iterator[tuple[Conversation, int]]:
        """Conversations without end, one after the other, each round worded by the next customer."""
        variant = first
        while True:
            for conversation in self.conversations:
                yield conversation, variant
            variant += 1


def load_mix(path: Path = DATA) -> Mix:
    """The mix that stands in a file."""
    return Mix.model_validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))
