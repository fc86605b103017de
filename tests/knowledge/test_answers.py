"""Answers from evidence, with a model and without."""

import pytest

from dialogue.state import Passage
from tests.knowledge.fakes import ScriptedModel, make_version
from tools.answers import Answers
from tools.ports import Draft

BANK = make_version(persona={"en": "You are Bankbot."})
LONG = (
    "Transfers inside the bank are free of charge. A transfer to another bank costs 5 lira before noon. "
    "After noon the same transfer costs 7 lira. Transfers abroad need a form from the branch. "
    "The branch is open from Monday to Friday. Standing orders can be changed in the app at any time."
)


def passage(text: str, *, score: float = 0.9, answer: str | None = None, locale: str = "en", at: int = 1) -> Passage:
    one = Passage(
        id=str(at),
        source=f"{at}.md",
        title=f"Title {at}",
        heading="",
        text=text,
        score=score,
        cosine=score,
        coverage=0.5,
        locale=locale,
    )
    if answer is not None:
        one["answer"] = answer
    return one


async def ask(
    model: ScriptedModel | None, question: str, *passages: Passage, locale: str = "en", allowed: bool = True
) -> tuple[Draft, list[str]]:
    sent: list[str] = []
    draft = await Answers(model).write(
        BANK,
        question,
        passages,
        history=[{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}],
        locale=locale,
        emit=sent.append,
        deadline=None,
        model_allowed=allowed,
    )
    assert draft.text.startswith("".join(sent))
    return draft, sent


async def test_without_evidence_it_says_so_and_nothing_else() -> None:
    draft, _ = await ask(ScriptedModel(), "how?")

    assert draft.fallback
    assert draft.text == BANK.text("answer.none", "en")
    assert draft.citations == ()


async def test_a_faq_row_is_answered_with_its_stored_answer() -> None:
    draft, sent = await ask(None, "pin?", passage("How to change my PIN?\nIn the app.", answer="In the app."))

    assert draft.text == "In the app."
    assert sent == ["In the app."]
    assert [citation["source"] for citation in draft.citations] == ["1.md"]


@pytest.mark.parametrize(("score", "relevance", "cited"), [(1.08, 0.93, 0.93), (1.08, None, 1.0), (0.9, 0.4, 0.4)])
async def test_a_citation_is_scored_between_nothing_and_all(
    score: float, relevance: float | None, cited: float
) -> None:
    one = passage("It costs 5 lira.", score=score)
    if relevance is not None:
        one["relevance"] = relevance
    draft, _ = await ask(None, "cost?", one)

    assert [citation["score"] for citation in draft.citations] == [cited]


async def test_without_a_model_the_two_best_sentences_are_quoted_with_their_source() -> None:
    draft, _ = await ask(None, "what does a transfer to another bank cost after noon?", passage(LONG))

    body, source = draft.text.rsplit("\n", 1)
    assert "After noon the same transfer costs 7 lira." in body
    assert body.count(".") == 2
    assert "Title 1" in source
    assert not draft.fallback


async def test_of_a_table_the_rows_that_are_asked_for_are_quoted_a_line_each() -> None:
    cities = ("Ankara", "Konya", "Van", "Bursa", "Adana", "Mardin")
    rows = "\n".join(f"{city} — Travel cost: {cost} TL" for cost, city in enumerate(cities, 340))
    rows += "\nA technician comes within five working days. The visit can be moved until the day before."
    one, _ = await ask(None, "travel cost to Van", passage(rows))
    two, _ = await ask(None, "travel cost to Van and Mardin", passage(rows))

    assert [line for line in one.text.splitlines() if "—" in line] == ["Van — Travel cost: 342 TL"]
    assert [line for line in two.text.splitlines() if "—" in line] == [
        "Van — Travel cost: 342 TL",
        "Mardin — Travel cost: 345 TL",
    ]


async def test_chinese_sentences_are_quoted_whole() -> None:
    text = "本店支持七天无理由退货。退货运费由买家承担。生鲜商品不支持退货。客服工作时间为每天九点到十八点。" * 5
    draft, _ = await ask(None, "退货运费谁承担？", passage(text, locale="zh"), locale="zh")

    assert "退货运费由买家承担。" in draft.text


async def test_a_model_answers_in_whole_sentences_with_citations() -> None:
    model = ScriptedModel("It costs 5 lira before noon [1]. After noon it is 7 lira. [1] Ask again [9].")
    draft, sent = await ask(model, "cost?", passage(LONG), passage("Other.", at=2))

    assert draft.text == "It costs 5 lira before noon [1]. After noon it is 7 lira. [1] Ask again."
    assert len(sent) == 3
    assert [citation["source"] for citation in draft.citations] == ["1.md"]
    assert draft.grounded


async def test_the_prompt_holds_persona_language_and_numbered_passages_with_scores() -> None:
    model = ScriptedModel("It is free [1].")
    await ask(model, "cost?", passage(LONG, score=0.8765), passage("Other.", score=0.81, at=2))

    messages = model.asked[0]
    system = messages[0]["content"]
    assert "You are Bankbot." in system
    assert "English" in system
    assert "[1] Title 1 (score 0.88)" in system
    assert "[2] Title 2 (score 0.81)" in system
    assert [message["content"] for message in messages[1:]] == ["hello", "hi", "cost?"]


async def test_a_faq_row_stands_in_the_prompt_with_its_question_once() -> None:
    model = ScriptedModel("In the app [1].")
    row = passage("How to change my PIN?\nIn the app.", answer="In the app.")
    row["title"] = "How to change my PIN?"
    await ask(model, "pin?", row)

    assert "[1] (score 0.90)\nHow to change my PIN?\nIn the app." in model.asked[0][0]["content"]


async def test_an_altered_figure_is_never_shown() -> None:
    model = ScriptedModel("It costs 5 lira before noon [1]. After noon it costs 9 lira [1]. Standing orders are free.")
    draft, sent = await ask(model, "cost?", passage(LONG))

    assert "9" not in "".join(sent)
    assert "5 lira" in draft.text
    assert not draft.grounded
    assert draft.notices


async def test_an_answer_of_nothing_but_inventions_is_replaced_by_the_evidence() -> None:
    draft, sent = await ask(
        ScriptedModel("It costs 99 lira."), "what does a transfer to another bank cost?", passage(LONG)
    )

    assert "99" not in "".join(sent)
    assert "5 lira" in draft.text
    assert draft.grounded
    assert draft.citations


async def test_a_model_that_finds_no_answer_says_so_and_its_marker_is_not_shown() -> None:
    draft, sent = await ask(ScriptedModel("NO_ANSWER"), "weather?", passage(LONG))

    assert draft.fallback
    assert "NO_ANSWER" not in "".join(sent)
    assert draft.text == BANK.text("answer.none", "en")


async def test_a_model_that_fails_before_a_word_leaves_the_evidence_to_speak() -> None:
    draft, _ = await ask(ScriptedModel(([], "unavailable")), "cost of a transfer to another bank?", passage(LONG))

    assert "5 lira" in draft.text
    assert [use["failure"] for use in draft.models] == ["unavailable"]
    assert any("unavailable" in notice for notice in draft.notices)


async def test_a_model_that_breaks_off_leaves_whole_sentences_only() -> None:
    model = ScriptedModel((["It costs 5 lira before noon [1]. After n", "oon it"], "timeout"))
    draft, sent = await ask(model, "cost?", passage(LONG))

    assert draft.text == "It costs 5 lira before noon [1]."
    assert "".join(sent) == draft.text
    assert any("timeout" in notice for notice in draft.notices)


async def test_a_model_that_may_not_be_asked_is_not() -> None:
    model = ScriptedModel()
    draft, _ = await ask(model, "cost of a transfer to another bank?", passage(LONG), allowed=False)

    assert model.asked == []
    assert "5 lira" in draft.text


async def test_an_own_prompt_replaces_the_shipped_one_and_a_broken_one_does_not() -> None:
    for own, expected in (("Only {{ language }}: {{ passages }}", "Only English: [1]"), ("{{ nonsense }}", "Rules:")):
        model = ScriptedModel("It is free [1].")
        version = make_version(prompts={"answer": own})
        await Answers(model).write(
            version,
            "cost?",
            [passage(LONG)],
            history=[],
            locale="en",
            emit=lambda _: None,
            deadline=None,
            model_allowed=True,
        )

        assert expected in model.asked[0][0]["content"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Sent, reference T-17, 500 TRY.", True),
        ("Sent, 500 TRY.", False),
        ("Sent, reference T-17, 600 TRY.", False),
        ("Sent, reference T-17, your balance is 1250 TRY.", False),
        ("Sent, reference T-17, in 2 days.", True),
        ("Sent, reference T-17, see https://evil.example/pay.", False),
        ("Sent, reference T-17, write to help@evil.example.", False),
        ("Sent, reference T-17, see https://bank.example/t.", True),
        ("  ", False),
    ],
)
async def test_an_actions_answer_in_other_words_keeps_its_reference_and_its_figures(said: str, kept: bool) -> None:
    draft = await Answers(ScriptedModel(said)).reword(
        BANK,
        "Tell, and that it takes 2 days: {{ api_response }}",
        {
            "api_response": {"id": "T-17", "amount": 500, "link": "https://bank.example/t"},
            "reference": "T-17",
            "variables": {"balance": 1250},
        },
        locale="en",
        deadline=None,
        model_allowed=True,
    )

    assert draft is not None
    assert (draft.text, draft.fallback) == (said, False) if kept else ("", True)
    # What was not used was paid for all the same.
    assert len(draft.models) == 1


async def test_nothing_is_reworded_without_a_model_or_with_a_broken_prompt() -> None:
    for answers, prompt in ((Answers(None), "x"), (Answers(ScriptedModel()), "{{ missing }}")):
        draft = await answers.reword(BANK, prompt, {}, locale="en", deadline=None, model_allowed=True)

        assert draft is None
