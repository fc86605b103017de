"""The directions in which sentences of one language lie apart from those of another, whatever they mean.

What a bot's examples do not show in a language is found better without them. They are taken from the shipped sentences,
which say the same kinds of things in every language, and so need neither an author's examples nor customers' messages.
"""

from collections import defaultdict
from typing import Final

import numpy as np

from models.ports import Encoder, Vectors
from understanding.act_examples import OTHER, QUESTION, load_examples, vectors_of

_KINDS: Final = (QUESTION, OTHER)
"""Sentences about something; a yes or a greeting lies elsewhere in every language."""


def language_directions(encoder: Encoder) -> Vectors:
    """Rows of unit length at right angles, one fewer than there are shipped languages; blocking."""
    pairs = [(each.locale, act, text) for each in load_examples() for text, act in each.labelled if act in _KINDS]
    rows = vectors_of([text for _, _, text in pairs], encoder)
    groups: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, (locale, act, _) in enumerate(pairs):
        groups[locale][act].append(place)
    centres = np.stack(
        [np.mean([rows[each].mean(axis=0) for each in kinds.values()], axis=0) for kinds in groups.values()]
    )
    _, _, directions = np.linalg.svd(centres - centres.mean(axis=0), full_matrices=False)
    apart: Vectors = directions[: len(groups) - 1].astype(np.float32)
    return apart
