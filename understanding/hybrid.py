"""The embedded engine where it is sure, a language model where it is not: at most one call of the model a message."""

from dataclasses import replace
from typing import Final

from config.versions import Version
from understanding.port import Situation, Understanding, Understood

SURE: Final = 0.6
"""The embedded reading stands from this probability on."""

_TRIVIAL: Final = frozenset({"empty", "too_long", "unreadable"})
"""Reasons of `unclear` a model could add nothing to."""


class HybridUnderstanding:
    """Chooses the engine a project wants, message by message."""

    def __init__(self, embedded: Understanding, llm: Understanding | None, *, sure: float = SURE) -> None:
        self._embedded = embedded
        self._llm = llm
        self._sure = sure

    async def prepare(self, version: Version) -> None:
        """Prepare the engines that may be asked; the embedded one always, because it answers when the model cannot."""
        await self._embedded.prepare(version)
        if self._llm is not None and version.project.understanding != "embedded":
            await self._llm.prepare(version)

    async def understand(self, version: Version, situation: Situation) -> Understood:
        """Read one message; a failed model leaves the embedded reading, and a notice."""
        reading = await self._embedded.understand(version, situation)
        wanted = version.project.understanding
        if wanted == "embedded" or _is_trivial(reading) or (wanted == "hybrid" and self._is_sure(reading)):
            return reading
        if self._llm is None:
            notice = ("no model configured: read by the embedded engine",) if wanted == "llm" else ()
            return replace(reading, notices=(*reading.notices, *notice))
        if not situation.model_allowed:
            return replace(reading, notices=(*reading.notices, "model budget used up: read by the embedded engine"))
        return _merged(reading, await self._llm.understand(version, situation))

    def _is_sure(self, reading: Understood) -> bool:
        if reading.certainty is None or reading.certainty < self._sure:
            return False
        return all(command["command"] not in ("unclear", "clarify") for command in reading.commands)


def _is_trivial(reading: Understood) -> bool:
    return all(command["command"] == "unclear" and command["reason"] in _TRIVIAL for command in reading.commands)


def _merged(embedded: Understood, asked: Understood) -> Understood:
    """The model's commands with the embedded ranking, or the embedded reading where the model failed."""
    notices = (*embedded.notices, *asked.notices)
    if _failed(asked):
        notice = "model could not be used: read by the embedded engine"
        return replace(embedded, engine="hybrid:embedded", models=asked.models, notices=(*notices, notice))
    agree = _starts(asked) & _starts(embedded)
    certainty = asked.certainty if asked.certainty is not None else 0.9 if agree else 0.75
    return replace(
        asked,
        engine=f"hybrid:{asked.engine}",
        ranking=asked.ranking or embedded.ranking,
        certainty=certainty,
        locale=asked.locale or embedded.locale,
        notices=notices,
    )


def _failed(asked: Understood) -> bool:
    if any(use["failure"] for use in asked.models):
        return True
    return all(command["command"] == "unclear" and command["reason"] == "unreadable" for command in asked.commands)


def _starts(reading: Understood) -> set[str]:
    return {command["intent"] for command in reading.commands if command["command"] == "start"}
