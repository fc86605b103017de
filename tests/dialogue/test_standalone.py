import pytest

from dialogue.standalone import standalone

BEFORE = [{"role": "user", "content": "BEFORE"}]


@pytest.mark.parametrize(
    "question",
    [
        "and on Sundays?",
        "how much is it",
        "peki ya pazar günleri",
        "bunun ücreti ne",
        "那周末呢",
        "它多少钱",
        "und sonntags?",
        "was kostet das?",
    ],
)
def test_a_short_question_that_points_back_is_led_by_the_one_before(question):
    assert standalone(question, BEFORE) == f"BEFORE {question}"


@pytest.mark.parametrize(
    "question",
    [
        "opening hours?",
        "iade süresi nedir",
        "退货期限多久",
        "Was kostet ein Ticket?",
        "is there a fee that I must pay for each transfer",
    ],
)
def test_a_question_that_stands_alone_stays_so(question):
    assert standalone(question, BEFORE) == question
