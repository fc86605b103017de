"""What the acceptance suite must show: every pattern of a conversation, in every language."""

import pytest

from tests.acceptance.suite import LANGUAGES, Case, cases, counts

PATTERNS = {
    "stack": [
        "digression by a question",
        "digression allowed",
        "digression asked",
        "digression blocked",
        "nested twice",
        "resume at the open question",
        "several wishes",
        "ambiguity by titles",
        "late answer",
    ],
    "slots": [
        "several values",
        "any order",
        "values before they are asked",
        "grouped questions",
        "retry of the unanswered",
        "default",
        "optional skipped",
        "refused",
        "why",
        "wrong type",
        "not allowed",
        "ambiguous value",
        "reprompts offer a person",
        "shared slot",
        "slot from a result",
    ],
    "corrections": [
        "one corrected",
        "two corrected",
        "an earlier flow's value corrected",
        "corrected while confirming",
        "corrected twice",
        "corrected by name",
        "corrected by value",
        "corrected by negation",
        "correction cancelled",
        "undo",
        "restart",
        "cancel at a question",
        "cancel at the confirmation",
        "cancel in a digression",
        "cancel at a choice",
        "cancel at an offer",
        "cancel and start another",
        "change of mind after done",
    ],
    "confirmation": [
        "confirmation is readable",
        "yes",
        "no",
        "yes but",
        "unclear answer",
        "question in between",
        "silence at the confirmation",
        "changed arguments",
        "done before",
    ],
    "patterns": [
        "session start",
        "greeting",
        "small talk",
        "thanks",
        "goodbye",
        "insult",
        "robot",
        "repeat",
        "completed",
        "cannot handle",
        "one failure counter",
        "clarification",
        "empty input",
        "too long input",
        "silence",
        "internal error",
        "expiry and return",
        "text of the project",
    ],
    "language": ["first clear message", "only a clear change", "never another language"],
}
"""What must be shown in every language, by area."""

FEWEST = 30
"""Conversations in each language."""

CASES = cases()


@pytest.mark.parametrize("area", PATTERNS)
def test_every_pattern_is_shown_in_every_language(area: str) -> None:
    found = counts(CASES)
    lacking = [(tag, at) for tag in PATTERNS[area] for at in LANGUAGES if not found.get(tag, {}).get(at)]

    assert lacking == []


def test_every_tag_is_a_known_pattern() -> None:
    assert set(counts(CASES)) == {tag for tags in PATTERNS.values() for tag in tags}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_enough_conversations(language: str) -> None:
    own: list[Case] = [case for case in CASES if case.language == language]

    assert len(own) >= FEWEST
    assert len({case.scenario.name for case in own}) == len(own)
