"""A model's answer on its way to the customer: held back to whole sentences, each checked before it is shown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tools.grounding import check
from tools.ports import Emit

REFUSAL = "NO_ANSWER"
"""What a model is told to write where the passages hold no answer."""

_SENTENCE_END = re.compile(r"[。！？!?…]+[”’」』）)\"]*|[.!?…]+[”’)\"]*(?=\s)|\n")
_CITATION = re.compile(r"\s?\[(\d{1,2})\]")
_MOST_HELD = 2000
"""Characters without a sentence's end after which what is held counts as a sentence."""


@dataclass
class CheckedStream:
    """Takes pieces of an answer, lets sentences out that say only what the evidence says, and remembers the rest."""

    evidence: Sequence[str]
    question: str
    same_language: bool
    emit: Emit
    shown: str = ""
    withheld: list[str] = field(default_factory=list)
    used: list[int] = field(default_factory=list)
    """Numbers of the passages cited, in order of first use."""
    refused: bool = False
    _held: str = ""

    def feed(self, piece: str) -> None:
        """Take in a piece; whole sentences go on."""
        self._held += piece
        while not self.refused:
            end = self._sentence_end()
            if end is None:
                return
            sentence, self._held = self._held[:end], self._held[end:]
            self._let_out(sentence)

    def finish(self, *, complete: bool) -> None:
        """The answer ended; a last sentence that was cut off in the middle is not shown."""
        if complete and self._held and not self.refused:
            self._let_out(self._held)
        self._held = ""

    def _sentence_end(self) -> int | None:
        match = _SENTENCE_END.search(self._held)
        if match is None:
            return len(self._held) if len(self._held) > _MOST_HELD else None
        end = match.end()
        rest = self._held[end:]
        if not rest.strip():
            # A citation may follow the full stop; it belongs to this sentence.
            return None
        cited = re.match(r"(?:\s?\[\d{1,2}\])+", rest)
        if cited and cited.end() == len(rest):
            return None
        return end + (cited.end() if cited else 0)

    def _let_out(self, sentence: str) -> None:
        if REFUSAL in sentence:
            self.refused = True
            return
        sentence = _CITATION.sub(self._known_citation, sentence)
        if not self.shown:
            sentence = sentence.lstrip()
        if not sentence:
            return
        report = check(sentence, self.evidence, self.question, same_language=self.same_language)
        if report.numbers or report.names:
            self.withheld.append(sentence.strip())
            return
        for number in _CITATION.findall(sentence):
            if int(number) - 1 not in self.used:
                self.used.append(int(number) - 1)
        self.shown += sentence
        self.emit(sentence)

    def _known_citation(self, match: re.Match[str]) -> str:
        return match.group() if 1 <= int(match.group(1)) <= len(self.evidence) else ""
