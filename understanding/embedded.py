"""The embedded engine: reads a message with bundled embeddings, classifiers and grammars; no key, no network."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from config.versions import Version
from dialogue.commands import Unclear
from models.embedding_engines import EncoderUnavailableError
from models.embeddings import clean
from models.ports import Encoder, Vectors
from understanding.courtesy import asked_of, matter_of
from understanding.extraction import Extract
from understanding.grammar.loading import languages, load_language
from understanding.language import detect
from understanding.material import Heard, Material
from understanding.numbers import with_known_numbers
from understanding.port import Situation, Understood
from understanding.reading import read
from understanding.splitting import lead_of, parts_of, question_apart
from understanding.trained import Trained, train

ENGINE = "embedded"
KEPT_VERSIONS = 32
RANKED = 5
_GIST = 450
"""Letters that are read for their meaning; a Chinese character counts for three."""


class EmbeddedUnderstanding:
    """Understands with sentence embeddings and linear classifiers, trained on each version once."""

    def __init__(self, encoder: Encoder, cache: Path | None = None, *, extract: Extract | None = None) -> None:
        self._encoder = encoder
        self._cache = cache
        self._extract = extract or _grammars()
        self._trained: dict[tuple[str, str, str], Trained] = {}
        self._locks: dict[tuple[str, str, str], asyncio.Lock] = {}

    async def prepare(self, version: Version) -> None:
        """Train or load what `version` needs, off the event loop; cached by content."""
        await self._learn(version)

    async def understand(self, version: Version, situation: Situation) -> Understood:
        """Read one message; never raises for what a customer says."""
        text = readable(situation.message)
        if not text:
            return Understood(commands=(Unclear(command="unclear", reason="empty"),), engine=ENGINE, certainty=1.0)
        locale: str | None = None
        try:
            trained = await self._learn(version)
            locale = detect(text, version.project.locales)
            spoken = [situation.locale, *version.project.locales]
            matter = matter_of(text, spoken)
            parts, loose = _parts(matter.text, trained, spoken)
            pieces = [matter.text, *parts]
            vectors = await self._encoder.encode([gist(piece) for piece in pieces], "query")
            heard = _hear(trained, pieces, vectors, spoken)
            heard[0] = await self._surer(trained, heard[0])
        except EncoderUnavailableError as error:
            return _without_vectors(locale, str(error))
        whole = replace(heard[0], text=text)
        material = self._material(version, situation, trained, [whole, *heard[1:]])
        asked = asked_of(text, spoken)
        reading = read(replace(material, matter=asked, apology=matter.apology, loose=loose))
        return Understood(
            commands=reading.commands,
            ranking=whole.intents.ranking[:RANKED],
            certainty=round(reading.certainty, 4),
            engine=ENGINE,
            locale=locale,
        )

    async def shortlist(self, version: Version, situation: Situation) -> list[str]:
        """The project's intents for a message, most probable first; nothing where there are no vectors."""
        try:
            trained = await self._learn(version)
            vectors = await self._encoder.encode([gist(readable(situation.message))], "query")
        except EncoderUnavailableError:
            return []
        return [ranked["intent"] for ranked in trained.intents.read(vectors[0]).ranking]

    async def _surer(self, trained: Trained, heard: Heard) -> Heard:
        """What was not surely read, read with the examples' numbers; another intent than before is not believed."""
        familiar = with_known_numbers(heard.text, trained.numbers)
        if heard.intents.verdict == "sure" or familiar == heard.text:
            return heard
        vectors = await self._encoder.encode([gist(familiar)], "query")
        again = trained.intents.read(vectors[0])
        return replace(heard, intents=again) if again.best == heard.intents.best else heard

    def _material(self, version: Version, situation: Situation, trained: Trained, heard: Sequence[Heard]) -> Material:
        spoken = [situation.locale, *version.project.locales]
        return Material(
            project=version.project,
            situation=situation,
            whole=heard[0],
            parts=tuple(heard[1:]),
            lead=trained.acts.exact(lead_of(heard[0].text)[0], locales=spoken),
            first=trained.acts.exact(next(iter(heard[0].text.split()), ""), locales=spoken),
            asking=trained.asking,
            extract=self._extract,
            vocabulary=trained.vocabulary,
            tagger=trained.tagger,
        )

    async def _learn(self, version: Version) -> Trained:
        key = (version.project.tenant, version.project.name, version.name)
        known = self._trained.get(key)
        if known is not None:
            return known
        async with self._locks.setdefault(key, asyncio.Lock()):
            if key not in self._trained:
                trained = await asyncio.to_thread(self._train, version)
                self._trained[key] = trained
                while len(self._trained) > KEPT_VERSIONS:
                    self._trained.pop(next(iter(self._trained)))
            return self._trained[key]

    def _train(self, version: Version) -> Trained:
        """Train, and read every data file a message may need; blocking."""
        project = version.project
        detect("which language is this", project.locales)
        for code in languages():
            load_language(code)
        slots = {
            f"{intent}.{name}": slot for intent in project.intents for name, slot in project.slots_of(intent).items()
        }
        for locale in project.locales:
            self._extract("1", slots, locale=locale, locales=project.locales, now=datetime.now(UTC))
        return train(version, self._encoder, self._cache)


def _parts(text: str, trained: Trained, locales: Sequence[str]) -> tuple[Sequence[str], bool]:
    """The parts of a text that may mean different things, and whether only their words tell them apart."""
    parts = parts_of(text) or question_apart(text, locales) or trained.vocabulary.cut(text)
    before = text[: text.rindex(parts[-1])] if parts else text
    return parts, all(character.isalnum() or character.isspace() for character in before)


def _hear(trained: Trained, pieces: Sequence[str], vectors: Vectors, locales: Sequence[str]) -> list[Heard]:
    """What the classifiers make of each piece."""
    return [
        Heard(text=piece, intents=trained.intents.read(vector), acts=trained.acts.read(piece, vector, locales=locales))
        for piece, vector in zip(pieces, vectors, strict=True)
    ]


def _grammars() -> Extract:
    from understanding.slots import extract

    return extract


def readable(message: str) -> str:
    """The message without what no grammar should see; what is left stands in it as it was written."""
    if not clean(message):
        return ""
    whole = message.encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() or c in "\n\u200c\u200d" else " " for c in whole).strip()[:4000]


def gist(text: str) -> str:
    """The beginning and the end of a long text: what is wanted stands there, and encoding all of it takes a second."""
    dense = sum(character >= "\u2e80" for character in text) > len(text) / 4
    most = _GIST // 3 if dense else _GIST
    if len(text) <= most:
        return text
    return f"{text[: most * 3 // 4]} {text[-most // 4 :]}"


def _without_vectors(locale: str | None, cause: str) -> Understood:
    return Understood(
        commands=(Unclear(command="unclear", reason="no_match"),),
        certainty=0.0,
        engine=ENGINE,
        locale=locale,
        notices=(f"embeddings unavailable: {cause}",),
    )
