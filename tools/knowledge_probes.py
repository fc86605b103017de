"""The baseline: how well a knowledge base seems to match questions that it cannot answer.

Cosines crowd together at a level of their own for every knowledge base and language. About fifty everyday questions
that no company's documents answer show that level: the median of their best cosines.
"""

import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from config.catalog import LOCALES
from models.ports import Encoder, Vectors
from tools.knowledge_records import ANY_LOCALE, Sighting
from tools.knowledge_tables import KnowledgeTables

SENTENCE_WEIGHT = 0.3
"""Of a passage's nearest sentence in its cosine: it finds what one sentence among others says."""
_ANY_FILE = Path(__file__).parent / "data" / "probes.txt"


def probe_questions(locale: str) -> list[str]:
    """The out-of-domain questions of a language; a mixture of languages where it has none of its own."""
    own = LOCALES / locale / "probes.txt"
    path = own if own.is_file() else _ANY_FILE
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def probe_vectors(tables: KnowledgeTables, encoder: Encoder, locale: str) -> Vectors:
    """Vectors of a language's probe questions, computed once and kept."""
    texts = {hashlib.sha256(text.encode()).hexdigest(): text for text in probe_questions(locale)}
    held = tables.probes(encoder.name, list(texts))
    missing = [key for key in texts if key not in held]
    if missing:
        made = dict(zip(missing, encoder.encode_now([texts[key] for key in missing], "query"), strict=True))
        tables.keep_probes(encoder.name, made)
        held.update(made)
    return np.stack([held[key] for key in texts])


def blended(cosines: Vectors, said: Sequence[Vectors | None], questions: Vectors) -> Vectors:
    """Cosines of passages (rows) and questions (columns), each moved towards that of the passage's nearest sentence."""
    held = [at for at, one in enumerate(said) if one is not None and len(one)]
    if not held:
        return cosines
    stacked = [one for one in said if one is not None and len(one)]
    starts = np.cumsum([0, *(len(one) for one in stacked[:-1])])
    nearest = np.maximum.reduceat(np.concatenate(stacked) @ questions.T, starts, axis=0)
    mixed = cosines.copy()
    mixed[held] += SENTENCE_WEIGHT * (nearest - cosines[held])
    return mixed


class BaselineMeter:
    """Finds the baselines of several languages in one pass over a knowledge base's vectors."""

    def __init__(self, tables: KnowledgeTables, encoder: Encoder, locales: Collection[str]) -> None:
        self._probes = {
            locale: probe_vectors(tables, encoder, locale) for locale in dict.fromkeys([*locales, ANY_LOCALE])
        }
        self._best: dict[tuple[str, str], Vectors] = {}

    def see(self, passages: Sequence[Sighting]) -> None:
        """Take in passages; the scores of a FAQ row's two vectors are averaged."""
        for document_locale in {one.locale for one in passages}:
            here = [one for one in passages if one.locale == document_locale]
            first = np.stack([one.vectors[0] for one in here])
            last = np.stack([one.vectors[-1] for one in here])
            for locale, probes in self._probes.items():
                whole = np.asarray((first @ probes.T + last @ probes.T) / 2, np.float32)
                best = blended(whole, [one.said for one in here], probes).max(axis=0)
                held = self._best.get((locale, document_locale))
                self._best[locale, document_locale] = best if held is None else np.maximum(held, best)

    def baselines(self) -> dict[str, dict[str, float]]:
        """Question's language → documents' language → median best cosine."""
        found: dict[str, dict[str, float]] = {locale: {} for locale in self._probes}
        for (locale, document_locale), best in self._best.items():
            found[locale][document_locale] = max(0.0, round(float(np.median(best)), 6))
        return found
