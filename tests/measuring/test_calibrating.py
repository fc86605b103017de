"""A project's confidence fitted to its own knowledge."""

from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
import pytest

from dialogue.confidence import SHIPPED
from dialogue.state import Passage, Retrieval
from dialogue.weighed import Signs
from measuring.calibrating import ENOUGH, TooLittleKnowledgeError, calibrate
from measuring.diagrams import draw_reliability
from measuring.fitting import cross_validated, fit, is_better, judged
from measuring.questions import Material
from measuring.rows import Row
from measuring.trials import Outcome, Trial, ask
from tests.knowledge.fakes import make_version

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


PASSAGE = Passage(id="1", source="s", title="", heading="", text="t", score=0.9, cosine=0.9, coverage=0.5)


def outcome(
    lift: float,
    margin: float,
    *,
    right: bool,
    group: str = "g",
    coverage: float = 0.5,
    sentence_margin: float = 0.0,
    origin: str = "row",
) -> Outcome:
    found = Retrieval(
        query="",
        passages=[{**PASSAGE, "coverage": coverage}],
        hits=1,
        max_score=0.8 + lift,
        margin=margin,
        baseline=0.8,
        crosses_language=False,
        insufficient=False,
        failure=None,
        signs=Signs(told=coverage, coverage_margin=0.0, sentence_margin=sentence_margin),
    )
    trial = Trial(text="", locale="en", kind="answerable", origin=origin, group=group)
    return Outcome(trial=trial, place=0 if right else None, found=found)


def test_a_few_outcomes_move_the_shipped_weights_a_little_and_many_move_them_far():
    wrong = [outcome(0.1, 0.05, right=False, group=str(at)) for at in range(400)]
    few, many = fit(wrong[:2], np.ones(2)), fit(wrong, np.ones(400))

    assert wrong[0].confidence() > wrong[0].confidence(few) > wrong[0].confidence(many)
    assert abs(few.intercept - SHIPPED.intercept) < 1.5
    assert wrong[0].confidence(many) < 0.1 < wrong[0].confidence()


def test_no_outcomes_can_turn_evidence_into_its_opposite():
    upside_down = [outcome(0.1 * at, 0.01 * at, right=at < 3) for at in range(8)] * 50

    found = fit(upside_down, np.ones(400))

    assert min(found.lift, found.margin, found.crossing) >= 0


def test_separable_outcomes_do_not_make_the_weights_run_away():
    clear = [outcome(0.2, 0.2, right=True), outcome(0.0, 0.0, right=False)] * 500

    found = fit(clear, np.ones(1000))

    assert max(found.lift, found.margin, -found.intercept) < 1000


def test_a_confidence_is_validated_by_weights_that_never_saw_its_document():
    outcomes = [outcome(0.1, 0.05, right=at % 2 == 0, group=str(at)) for at in range(20)]

    confidence = cross_validated(outcomes, np.ones(20))

    assert ((confidence > 0) & (confidence < 1)).all()


def test_a_fit_is_given_up_where_the_shipped_weights_are_already_right():
    points = [(0.02 * at, 0.01 * (at % 4)) for at in range(10)]
    outcomes = [
        outcome(*point, right=right, group=str(at)) for at, point in enumerate(points) for right in (True, False)
    ]
    shipped = np.array([one.confidence(SHIPPED) for one in outcomes])
    honest = np.array([sure if one.right else 1 - sure for one, sure in zip(outcomes, shipped, strict=True)])
    upside_down = 1 - honest

    def better(weights):
        fitted = cross_validated(outcomes, 50 * weights)
        return is_better(judged(outcomes, fitted, weights), judged(outcomes, shipped, weights))

    assert not better(honest)
    assert better(upside_down)


@pytest.mark.parametrize("sign", ["coverage", "sentence_margin"])
def test_what_is_not_shipped_is_learnt_of_questions_that_were_asked_and_not_of_made_ones(sign):
    def telling(origin):
        return [
            outcome(0.05, 0.02, right=at % 2 == 0, group=str(at), origin=origin, **{sign: 0.1 + 0.8 * (at % 2 == 0)})
            for at in range(80)
        ]

    asked, made = fit(telling("row"), np.ones(80)), fit(telling("sentence"), np.ones(80))

    assert asdict(asked)[sign] > 1
    assert asdict(made)[sign] < 0.01
    assert asdict(SHIPPED)[sign] == 0


async def test_questions_are_made_of_faq_headings_and_sentences_and_with_their_answer_kept_out(hotel, knowledge):
    trials = Material(version=hotel, passages=knowledge.passages(hotel)).trials()
    outcomes = await ask(knowledge, hotel, trials)
    kinds = {(trial.kind, trial.origin) for trial in trials}

    assert {("answerable", "heading"), ("answerable", "sentence"), ("removed", "sentence")} <= kinds
    assert {("answerable", "faq"), ("answerable", "faq elsewhere"), ("unrelated", "unrelated")} <= kinds
    answered = [one for one in outcomes if one.trial.kind == "answerable"]
    assert sum(one.right for one in answered) / len(answered) > 0.8
    for one in outcomes:
        if one.trial.kind == "removed":
            shown = [passage for passage in knowledge.passages(hotel) if passage.id == one.found["passages"][0]["id"]]
            assert not one.right
            assert one.trial.barred is not None
            assert not any(map(one.trial.barred, shown))


async def test_made_questions_are_the_same_every_time(hotel, knowledge):
    material = Material(version=hotel, passages=knowledge.passages(hotel))

    assert [trial.text for trial in material.trials()] == [trial.text for trial in material.trials()]


async def test_calibrating_says_how_good_it_is_and_counts_from_the_next_search_on(hotel, knowledge):
    done = await calibrate(hotel, knowledge, now=NOW)
    knowledge.calibrations.save(hotel, done.stored)
    found = await knowledge.search(hotel, "what does parking cost", locale="en")

    assert found["weights"] == done.stored.weights.weights()
    for figures in (done.stored.figures["shipped"], done.stored.figures["fitted"]):
        assert 0 <= figures["ece"] <= 1
        assert figures["auroc"] > 0.6
        assert [row["answered"] for row in figures["selective"]] == [1.0, 0.9, 0.8, 0.7, 0.6, 0.5]


async def test_labelled_questions_are_part_of_the_fit(hotel, knowledge):
    rows = [
        Row(message="what does parking cost", source=["parking"]),
        Row(message="is there a casino", answerable=False),
    ]

    done = await calibrate(hotel, knowledge, rows=rows, now=NOW)

    assert done.stored.figures["questions"]["answerable: row"] == 1
    assert done.stored.figures["questions"]["removed: row"] == 2


async def test_a_label_whose_passage_is_not_there_is_left_out_of_the_fit_and_told(hotel, knowledge):
    rows = [
        Row(message="what does parking cost", source=["parking"]),
        Row(message="what does the casino cost", source=["casino"]),
    ]

    done = await calibrate(hotel, knowledge, rows=rows, now=NOW)

    assert done.stored.figures["questions"]["answerable: row"] == 1
    assert [told.partition(":")[0] for told in done.doubts] == ["row 2"]


async def test_with_enough_labelled_questions_made_ones_no_longer_count(hotel, knowledge):
    rows = [Row(message=f"what does parking cost for {at} nights", source=["parking"]) for at in range(ENOUGH)]
    few, many = [await calibrate(hotel, knowledge, rows=asked, now=NOW) for asked in (rows[:5], rows)]

    counted = [int((done.before.weight > 0).sum()) for done in (few, many)]
    questions = many.stored.figures["questions"]
    assert isinstance(questions, dict)
    unrelated = questions["unrelated: unrelated"]
    assert counted[0] == len(few.before.weight)
    assert counted[1] - 2 * ENOUGH == unrelated
    assert counted[1] < len(many.before.weight)


async def test_what_is_stored_is_the_fit_only_where_it_is_better(hotel, knowledge):
    done = await calibrate(hotel, knowledge, now=NOW)

    assert (done.stored.weights != SHIPPED) == done.better
    assert done.stored.figures["kept"] == ("fitted" if done.better else "shipped")


async def test_nothing_ingested_is_said_plainly(knowledge):
    with pytest.raises(TooLittleKnowledgeError, match="nothing ingested yet"):
        await calibrate(make_version(name="empty"), knowledge, now=NOW)


async def test_the_diagram_is_a_png(hotel, knowledge, tmp_path):
    done = await calibrate(hotel, knowledge, now=NOW)
    draw_reliability(tmp_path / "here" / "r.png", {"shipped": done.before, "fitted": done.after}, title="hotel")

    assert (tmp_path / "here" / "r.png").read_bytes().startswith(b"\x89PNG")
