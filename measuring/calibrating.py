"""Fits a project's confidence to its own knowledge, and says how good it is before and after."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from pydantic import JsonValue

from config.errors import ConfigError
from config.versions import Version
from dialogue.confidence import SHIPPED
from measuring.figures import Floats, Judged, evened, summarise
from measuring.fitting import cross_validated, fit, is_better, judged
from measuring.labels import doubts, is_there
from measuring.questions import Material
from measuring.rows import Row
from measuring.trials import Outcome, ask
from tools.calibrations import StoredCalibration
from tools.knowledge import ChromaKnowledge

SHARES = {"answerable": 0.7, "removed": 0.15, "unrelated": 0.15}
"""Of what customers ask of a knowledge base, as the shipped weights assume it."""
MADE_WORTH = 50.0
"""Made questions count as so many asked ones, however many were made: they tell the level, and not quite that."""
ENOUGH = 50
"""Labelled questions from which made ones, which are easier than what customers ask, no longer count."""
LEAST = 20


class TooLittleKnowledgeError(ConfigError):
    """The project's documents do not give enough questions to fit anything to."""


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """A fit with the evidence for it."""

    stored: StoredCalibration
    before: Judged
    after: Judged
    """By cross-validation: every confidence by weights fitted without its document."""
    doubts: tuple[str, ...]
    """What of the labels cannot be met; such questions are left out."""
    better: bool
    """Whether those tell right from wrong better than the shipped weights, which are kept where they do not."""


async def calibrate(
    version: Version, knowledge: ChromaKnowledge, *, rows: Sequence[Row] = (), now: datetime
) -> Calibrated:
    """Ask, fit and measure; nothing is stored. Labelled rows count in full, and the more there are, the less made ones.

    A fit that judges questions it has not seen no better than the shipped weights do is given up for those.
    """
    passages = await knowledge.run(lambda: knowledge.passages(version))
    fingerprint = await knowledge.run(lambda: knowledge.fingerprint(version))
    if not passages or fingerprint is None:
        raise TooLittleKnowledgeError(f"{version.project.name}: nothing ingested yet; run switchboard ingest first")
    material = Material(version=version, passages=passages)
    labelled = material.with_removed(material.of_rows([row for row in rows if is_there(row, passages)]))
    outcomes = await ask(knowledge, version, [*material.trials(), *labelled])
    if sum(outcome.trial.kind == "answerable" for outcome in outcomes) < LEAST:
        raise TooLittleKnowledgeError(f"{version.project.name}: its documents give fewer than {LEAST} questions")
    weights = _weights(outcomes)
    before = judged(outcomes, np.array([outcome.confidence(SHIPPED) for outcome in outcomes]), weights)
    after = judged(outcomes, cross_validated(outcomes, weights), weights)
    better = is_better(after, before)
    stored = StoredCalibration(
        version=version.name,
        encoder=knowledge.encoder.name,
        knowledge=fingerprint,
        fitted_at=now.isoformat(),
        weights=fit(outcomes, weights) if better else SHIPPED,
        figures={**_figures(outcomes, before, after), "kept": "fitted" if better else "shipped"},
    )
    told = tuple(doubts(rows, version, passages))
    return Calibrated(stored=stored, before=before, after=after, doubts=told, better=better)


def _weights(outcomes: Sequence[Outcome]) -> Floats:
    """Each sort of questions in the shares of customers' questions: asked ones in full, made ones worth a few of them.

    Unrelated questions are of either sort, as only the other two are made of documents.
    """
    asked = [at for at, outcome in enumerate(outcomes) if outcome.trial.origin in {"row", "unrelated"}]
    made = [at for at, outcome in enumerate(outcomes) if outcome.trial.origin != "row"]
    labelled = len({outcome.trial.group for outcome in outcomes if outcome.trial.origin == "row"})
    worth = MADE_WORTH * max(0.0, 1 - labelled / ENOUGH)
    weights = np.zeros(len(outcomes))
    for places, share in ((asked, 1.0 if labelled else 0.0), (made, min(1.0, worth / max(len(made), 1)))):
        if share:
            weights[places] += share * evened([outcomes[at].trial.kind for at in places], SHARES)
    return weights


def _figures(outcomes: Sequence[Outcome], before: Judged, after: Judged) -> dict[str, JsonValue]:
    kinds = Counter(f"{outcome.trial.kind}: {outcome.trial.origin}" for outcome in outcomes)
    answerable = [outcome for outcome in outcomes if outcome.trial.kind == "answerable"]
    places = [outcome.place for outcome in answerable]
    return {
        "questions": dict(sorted(kinds.items())),
        "retrieval": {
            "R@1": round(sum(place == 0 for place in places) / len(places), 4),
            "R@5": round(sum(place is not None and place < 5 for place in places) / len(places), 4),
        },
        "shipped": summarise(before),
        "fitted": summarise(after),
    }
