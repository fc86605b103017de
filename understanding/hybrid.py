"""The embedded engine where it is sure, a language model where it is not: at most one call of the model a message."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from config.project import Project
from config.versions import Version
from dialogue.commands import Command
from dialogue.state import EngineReading
from understanding.port import Situation, Understanding, Understood

_TRIVIAL: Final = frozenset({"empty", "too_long", "unreadable"})
"""Reasons of `unclear` a model could add nothing to."""
_OPEN: Final = frozenset({"unclear", "clarify"})
"""Commands that say that nothing was settled."""


class HybridUnderstanding:
    """Chooses the engine a project wants, message by message."""

    def __init__(self, embedded: Understanding, llm: Understanding | None) -> None:
        self._embedded = embedded
        self._llm = llm

    @property
    def has_model(self) -> bool:
        """Whether there is a model to ask."""
        return self._llm is not None

    async def prepare(self, version: Version) -> None:
        """Prepare the engines that may be asked; the embedded one always, because it answers when the model cannot."""
        await self._embedded.prepare(version)
        if self._llm is not None and version.project.understanding != "embedded":
            await self._llm.prepare(version)

    async def understand(self, version: Version, situation: Situation) -> Understood:
        """Read one message; a failed model leaves the embedded reading, and a notice."""
        embedded = await self._embedded.understand(version, situation)
        if not _wants_model(version.project, embedded):
            return _alone(embedded)
        if self._llm is None:
            wanted = version.project.understanding == "llm"
            return _alone(embedded, *["no model configured: read by the embedded engine"] * wanted)
        if not situation.model_allowed:
            return _alone(embedded, "model budget used up: read by the embedded engine")
        return _merged(embedded, await self._llm.understand(version, situation))

    async def read_both(self, version: Version, situation: Situation) -> Understood:
        """What `understand` comes to, with the readings of both engines also where one would do: to compare them."""
        embedded = await self._embedded.understand(version, situation)
        if self._llm is None or is_trivial(embedded.commands):
            return _alone(embedded)
        asked = await self._llm.understand(version, situation)
        if _wants_model(version.project, embedded):
            return _merged(embedded, asked)
        return replace(embedded, readings=_readings(embedded, asked, by_model=False))


def is_sure(commands: Sequence[Command], certainty: float | None, sure: float) -> bool:
    """Whether an embedded reading stands without a model."""
    return certainty is not None and certainty >= sure and not any(c["command"] in _OPEN for c in commands)


def is_trivial(commands: Sequence[Command]) -> bool:
    """Whether there was nothing to read, so that no model is worth asking."""
    return all(command["command"] == "unclear" and command["reason"] in _TRIVIAL for command in commands)


def _wants_model(project: Project, embedded: Understood) -> bool:
    if project.understanding == "embedded" or is_trivial(embedded.commands):
        return False
    return project.understanding == "llm" or not is_sure(embedded.commands, embedded.certainty, project.sure)


def _alone(embedded: Understood, *notices: str) -> Understood:
    return replace(embedded, notices=(*embedded.notices, *notices), readings=(_reading(embedded, served=True),))


def _merged(embedded: Understood, asked: Understood) -> Understood:
    """The model's commands with the embedded ranking, or the embedded reading where the model failed."""
    notices = (*embedded.notices, *asked.notices)
    failed = _failed(asked)
    readings = _readings(embedded, asked, by_model=not failed)
    if failed:
        notices = (*notices, "model could not be used: read by the embedded engine")
        return replace(embedded, engine="hybrid:embedded", models=asked.models, notices=notices, readings=readings)
    agree = _starts(asked) & _starts(embedded)
    certainty = asked.certainty if asked.certainty is not None else 0.9 if agree else 0.75
    return replace(
        asked,
        engine=f"hybrid:{asked.engine}",
        ranking=asked.ranking or embedded.ranking,
        certainty=certainty,
        locale=asked.locale or embedded.locale,
        notices=notices,
        readings=readings,
    )


def _readings(embedded: Understood, asked: Understood, *, by_model: bool) -> tuple[EngineReading, ...]:
    return _reading(embedded, served=not by_model), _reading(asked, served=by_model)


def _reading(understood: Understood, *, served: bool) -> EngineReading:
    return EngineReading(
        engine=understood.engine,
        commands=list(understood.commands),
        certainty=understood.certainty,
        failure=next((use["failure"] for use in understood.models if use["failure"]), None),
        served=served,
    )


def _failed(asked: Understood) -> bool:
    if any(use["failure"] for use in asked.models):
        return True
    return all(command["command"] == "unclear" and command["reason"] == "unreadable" for command in asked.commands)


def _starts(reading: Understood) -> set[str]:
    return {command["intent"] for command in reading.commands if command["command"] == "start"}
