"""Sentences that refine what passages say."""

import numpy as np
import pytest

from dialogue.state import Passage
from tests.knowledge.documents import document, faq
from tests.knowledge.fakes import make_version
from tools.extracts import extract
from tools.knowledge_probes import SENTENCE_WEIGHT, blended
from tools.knowledge_records import PassageRecord
from tools.sentences import sentences

BANK = make_version()
LONG = (
    "The branch opens at nine. Cheques are cleared in two days. Foreign notes are changed at the counter. "
    "A locker may be hired for a year. Statements are printed on Mondays."
)


def passages(knowledge) -> list[PassageRecord]:
    found: list[PassageRecord] = knowledge.passages(BANK)
    return found


async def test_every_sentence_of_a_passage_and_of_a_faq_answer_has_a_vector(knowledge):
    from tools.knowledge import scope_of

    rows = faq("faq.csv", ("Are there lockers?", "Yes, there are. They cost little."))
    knowledge.write(scope_of(BANK), add=[document("a.md", LONG), rows], remove=(), locales=["en"])
    said = {one.source: one.said for one in passages(knowledge) if one.said is not None}

    assert len(said["a.md"]) == len(sentences(LONG, "en")) == 5
    assert len(said["faq.csv"]) == 2
    assert np.allclose(np.linalg.norm(said["a.md"], axis=1), 1, atol=1e-2)


async def test_a_passage_of_which_one_sentence_answers_is_found_and_that_sentence_is_quoted(knowledge):
    from tools.knowledge import scope_of

    knowledge.write(
        scope_of(BANK),
        add=[document("a.md", LONG), document("b.md", "The locker room of the gym is in the cellar for members only.")],
        remove=(),
        locales=["en"],
    )
    found = await knowledge.search(BANK, "may a locker be hired for a year", locale="en")
    best = found["passages"][0]
    quoted = extract("may a locker be hired for a year", found["passages"], locale="en")

    assert best["source"] == "a.md"
    assert int(np.argmax(best["said"])) == 3
    assert quoted is not None
    assert "A locker may be hired for a year." in quoted.text


@pytest.mark.parametrize(
    ("second", "quoted"),
    [
        ("Lockers have to be payed by card.", 1),
        ("Lockers have to be paid by card in 2 days.", 2),
        ("Cash is never taken when lockers have to be paid.", 2),
    ],
)
def test_what_two_passages_tell_in_nearly_the_same_words_is_said_once(second, quoted):
    first = "Lockers have to be paid by card."
    pages = [
        Passage(
            id=name,
            text=f"{said} {LONG}",
            source=f"{name}.md",
            title="",
            heading="",
            score=0.9,
            cosine=0.9,
            coverage=1.0,
        )
        for name, said in (("a", first), ("b", second))
    ]
    found = extract("how do lockers have to be paid", pages, locale="en")

    assert found is not None
    assert [said in found.text for said in (first, second)].count(True) == quoted


def test_a_passage_is_moved_towards_its_nearest_sentence_and_one_without_stays():
    questions = np.eye(3, dtype=np.float32)[:1]
    cosines = np.array([[0.5], [0.5]], np.float32)

    mixed = blended(cosines, [np.eye(3, dtype=np.float32), None], questions)

    assert np.allclose(mixed[:, 0], [0.5 + SENTENCE_WEIGHT * 0.5, 0.5])
