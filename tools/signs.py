"""Signs that the best passage answers, beside its score: how its words and its sentences stand out.

What they are worth differs between knowledge bases, so none of them counts before a project's own labelled questions
give it a weight (`switchboard calibrate --data FILE`).
"""

from collections.abc import Mapping, Sequence

from dialogue.weighed import Signs
from tools import lexical
from tools.hits import Hit, alike, full_text, same_content, words_of
from tools.sentences import sentences

RIVALS = 20
"""Of the ranking: what stands behind them is no rival."""
_SENTENCES = 2
_PRECISION = 6


def signs(weights: Mapping[str, float], ranked: Sequence[Hit], baseline: float) -> Signs:
    """The signs of a ranking; `weights` are the question's terms with their rarity."""
    best = ranked[0]
    words = words_of(best.passage)
    rivals = [
        hit
        for hit in ranked[1:RIVALS]
        if not same_content(best.passage, hit.passage) and not alike(words, words_of(hit.passage))
    ]
    covered = max((hit.coverage for hit in rivals), default=0.0)
    near = max((_nearest(hit) for hit in rivals), default=min(baseline, _nearest(best)))
    return Signs(
        told=round(_told(weights, best), _PRECISION),
        coverage_margin=round(best.coverage - covered, _PRECISION),
        sentence_margin=round(_nearest(best) - near, _PRECISION),
    )


def _nearest(hit: Hit) -> float:
    return max(hit.said, default=hit.cosine)


def _told(weights: Mapping[str, float], hit: Hit) -> float:
    """Share of the question's words in the two sentences that have most of them; of a FAQ row in the whole of it."""
    passage = hit.passage
    if passage.answer is not None:
        return lexical.share(weights, lexical.searchable(full_text(passage)))
    forms = [lexical.searchable(text) for text in sentences(passage.text, passage.locale)]
    best = sorted(forms, key=lambda form: -lexical.share(weights, form))[:_SENTENCES]
    return lexical.share(weights, "".join(best))
