"""Understanding by a language model: intents and dialogue acts are tools, one call reads one message.

What the model says is data. Code turns it into commands of the closed grammar and drops what the project does not
know or the customer did not write.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from config.versions import Version
from dialogue.commands import Unclear
from models.failures import TOO_LONG_A_PROMPT
from models.ports import Completion, LanguageModel
from understanding.extraction import Extract
from understanding.folding import fold
from understanding.llm_commands import CommandReader
from understanding.llm_prompt import build_messages
from understanding.llm_tools import build_toolbox
from understanding.llm_wording import form_words, function_words
from understanding.port import Situation, Understood
from understanding.slots import extract

MAX_INTENTS: Final = 12
"""More than this many intents are not all shown to the model; only the most relevant are."""
FEWEST_INTENTS: Final = 5
"""Where even those are too many for the model to read."""
_SHARE: Final = 0.6
"""Of what is left of the turn."""

Shortlist = Callable[[Version, Situation], Awaitable[Sequence[str]]]
"""Ranks a project's intents for a message, most relevant first."""


class LLMUnderstanding:
    """Reads a message with one call of a language model."""

    def __init__(
        self,
        model: LanguageModel,
        shortlist: Shortlist | None = None,
        *,
        extract: Extract = extract,
        seconds: float = 10.0,
    ) -> None:
        self._model = model
        self._shortlist = shortlist
        self._extract = extract
        self._seconds = seconds

    async def prepare(self, version: Version) -> None:
        """Nothing to train."""

    async def understand(self, version: Version, situation: Situation) -> Understood:
        """Read one message; never raises for what a customer or a model says."""
        if not situation.message.strip():
            return Understood(commands=(Unclear(command="unclear", reason="empty"),), engine="llm")
        if not situation.model_allowed:
            return _unread(notice="model_budget: no further call allowed")
        read = await self._ask(version, situation, MAX_INTENTS)
        if read.models[0]["failure"] == f"refused:{TOO_LONG_A_PROMPT}":
            # A refused prompt was not read and costs nothing: say less, once.
            read = await self._ask(version, replace(situation, history=()), FEWEST_INTENTS)
        return read

    async def _ask(self, version: Version, situation: Situation, most: int) -> Understood:
        words, unworded = function_words(version)
        toolbox = build_toolbox(version.project, situation, await self._intents(version, situation, most), words)
        messages, problem = build_messages(version, situation)
        forms, unformed = form_words(version)
        completion = await self._model.decide(
            messages, toolbox.tools, purpose="understand", deadline=self._deadline(situation), forms=forms
        )
        reader = CommandReader(version.project, situation, toolbox, self._extract)
        commands = reader.read(completion)
        notices = [each for each in (problem, unworded, unformed) if each]
        notices += _notices(completion, reader.dropped)
        return Understood(commands=commands, engine="llm", models=(completion.use,), notices=tuple(notices))

    def _deadline(self, situation: Situation) -> float:
        """Reading may take its seconds, and of a short turn only a part: whatever comes of it needs time too."""
        now = asyncio.get_running_loop().time()
        if situation.deadline is None:
            return now + self._seconds
        return now + min(self._seconds, _SHARE * (situation.deadline - now))

    async def _intents(self, version: Version, situation: Situation, most: int) -> list[str]:
        """The intents to offer: all, or what is under way and the most relevant others."""
        known = version.project.intents
        if len(known) <= most:
            return list(known)
        ranked = await self._shortlist(version, situation) if self._shortlist else ()
        open_ones = [
            name
            for name in (situation.intent, *situation.waiting, *(situation.open["intents"] if situation.open else ()))
            if name is not None
        ]
        wanted = dict.fromkeys([*open_ones, *ranked, *_by_words(version, situation)])
        chosen = {name for name in list(wanted) if name in known}
        first = [name for name in wanted if name in chosen][:most]
        return [name for name in known if name in first]


def _by_words(version: Version, situation: Situation) -> list[str]:
    """Intents by how many of the message's word beginnings their own words share; where nothing better ranks them."""
    said = _stems(situation.message)
    scores: dict[str, float] = {}
    for name, intent in version.project.intents.items():
        titles = [intent.title] if isinstance(intent.title, str) else list((intent.title or {}).values())
        texts = [name, intent.description, *titles, *(text for each in intent.examples.values() for text in each)]
        best = max((len(said & _stems(text)) / (len(_stems(text)) ** 0.5 or 1) for text in texts), default=0.0)
        scores[name] = best
    return sorted(scores, key=lambda name: -scores[name])


def _stems(text: str) -> set[str]:
    """Words and their beginnings, and pairs of characters where words are not separated."""
    stems: set[str] = set()
    for word in fold(text).replace("_", " ").split():
        if word[0] > "\u2e80":
            stems.update(word[at : at + 2] for at in range(max(1, len(word) - 1)))
        else:
            stems.update((word, word[:5]))
    return stems


def _unread(*, notice: str) -> Understood:
    return Understood(commands=(Unclear(command="unclear", reason="unreadable"),), engine="llm", notices=(notice,))


def _notices(completion: Completion, dropped: int) -> list[str]:
    notices = []
    if completion.failure is not None:
        notices.append(f"model_{completion.failure}: {completion.use['failure'] or completion.failure}")
    if dropped:
        notices.append(f"model_dropped: {dropped}")
    return notices
