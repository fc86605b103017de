"""A project's own questions and answers teach what is asked of the knowledge."""

from dataclasses import replace

import pytest

from tests.understanding.conftest import at, said
from understanding.known_questions import MOST, known_questions

QUESTIONS = [
    "Is there a fee for sending money?",
    "How much does an EFT cost?",
    "Para gönderme ücreti ne kadar?",
    "What is the limit for sending money?",
    "How long does a transfer take?",
    "EFT saat kaça kadar yapılıyor?",
    "Is a new card free of charge?",
    "Kart ücreti alıyor musunuz?",
    "Does the balance earn interest?",
]


@pytest.fixture
def taught(bank, tmp_path):
    (tmp_path / "knowledge").mkdir()
    rows = "".join(f'"{question}",An answer.\n' for question in QUESTIONS)
    (tmp_path / "knowledge" / "faq.csv").write_text(f"\ufeffquestion,answer\n{rows}", encoding="utf-8")
    return replace(bank, name="taught", folder=tmp_path)


@pytest.mark.parametrize(
    ("message", "locale"),
    [("how much is the fee for a money transfer", "en"), ("EFT ücreti ne kadar", "tr"), ("transfer limit?", "en")],
)
async def test_a_question_near_an_intent_is_answered_and_surely_so(engine, taught, message, locale):
    understood = await engine.understand(taught, at(message, locale=locale))

    assert said(understood) == ["question"]
    assert understood.certainty > 0.5


async def test_wishes_stay_wishes(engine, taught):
    assert said(await engine.understand(taught, at("I want to send money"))) == ["start send_money"]
    assert said(await engine.understand(taught, at("bakiyem ne kadar", locale="tr"))) == ["start balance"]


def test_only_tables_of_questions_inside_of_the_project_are_read_and_only_so_many(bank, tmp_path):
    folder = tmp_path / "project"
    (folder / "knowledge").mkdir(parents=True)
    (tmp_path / "outside.csv").write_text("question,answer\nWhat is outside?,no\n")
    (folder / "knowledge" / "link.csv").symlink_to(tmp_path / "outside.csv")
    (folder / "knowledge" / "prices.csv").write_text("item,price\nWhat?,1\n")
    (folder / "knowledge" / "broken.csv").write_bytes(b'question;answer\n\xff\xfe\x00;\x00\n"open')
    many = "".join(f"How about number {n}?,yes\n" for n in range(5 * MOST))
    (folder / "knowledge" / "many.csv").write_text("Question,Answer\n" + many)

    found = known_questions(replace(bank, folder=folder))

    assert 0 < len(found) <= MOST
    assert "What is outside?" not in found
    assert "What?" not in found
