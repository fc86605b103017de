"""What a search finds, and for whom."""

import pytest

from tests.knowledge.conftest import OpenKnowledge, everywhere
from tests.knowledge.documents import CARDS, FEES, document, faq
from tests.knowledge.fakes import HashEncoder, make_version
from tools.knowledge import ChromaKnowledge, scope_of
from tools.knowledge_errors import EncoderMismatchError
from tools.knowledge_records import NewDocument, Scope

BANK = make_version()
HERE = scope_of(BANK)


def store(knowledge: ChromaKnowledge, *documents: NewDocument, scope: Scope = HERE) -> None:
    knowledge.write(scope, add=documents, remove=(), locales=["en", "tr"])


@everywhere
async def test_the_passage_that_speaks_of_the_question_comes_first(knowledge: ChromaKnowledge) -> None:
    store(knowledge, FEES, CARDS)

    found = await knowledge.search(BANK, "my card is lost", locale="en")

    assert found["passages"][0]["source"] == "cards.md"
    assert found["max_score"] == found["passages"][0]["score"]
    assert found["margin"] > 0
    assert found["failure"] is None


@everywhere
async def test_a_project_never_sees_another_tenants_or_projects_passages(knowledge: ChromaKnowledge) -> None:
    store(knowledge, CARDS)
    store(knowledge, document("secret.md", "The lost card of Mr Black."), scope=Scope("other", "bank"))
    store(knowledge, document("shop.md", "A lost card of the shop."), scope=Scope("demo", "shop"))

    for version, own in ((BANK, "cards.md"), (make_version(tenant="other"), "secret.md")):
        found = await knowledge.search(version, "lost card", locale="en")

        assert {passage["source"] for passage in found["passages"]} == {own}
    assert (await knowledge.search(make_version(name="empty"), "lost card", locale="en"))["hits"] == 0


@everywhere
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Scope("a", "b-c"), Scope("a-b", "c")),
        (Scope("a_b", "c"), Scope("a-b", "c")),
        (Scope("x", "kb"), Scope("xk", "b")),
    ],
)
async def test_names_that_look_alike_are_still_told_apart(knowledge: ChromaKnowledge, one: Scope, other: Scope) -> None:
    store(knowledge, document("one.md", "The lost card of one."), scope=one)
    store(knowledge, document("other.md", "The lost card of the other."), scope=other)

    found = await knowledge.search(make_version(tenant=one.tenant, name=one.project), "lost card", locale="en")

    assert [passage["source"] for passage in found["passages"]] == ["one.md"]


@everywhere
async def test_an_empty_question_and_an_empty_knowledge_base_find_nothing(knowledge: ChromaKnowledge) -> None:
    for query in ("", "   ", "lost card"):
        found = await knowledge.search(BANK, query, locale="en")

        assert (found["hits"], found["insufficient"], found["failure"]) == (0, True, None)


@everywhere
async def test_a_document_is_found_in_the_customers_language_where_it_exists_in_several(
    knowledge: ChromaKnowledge,
) -> None:
    store(
        knowledge,
        document("fees.en.md", "The IBAN transfer fee is 5 lira.", locale="en", family="fees.md"),
        document("fees.tr.md", "IBAN transfer fee, yani havale ücreti 5 liradır.", locale="tr", family="fees.md"),
        document("only.en.md", "The IBAN of the bank itself.", locale="en"),
    )

    found = await knowledge.search(BANK, "IBAN transfer fee", locale="tr")

    assert {passage["source"] for passage in found["passages"]} == {"fees.tr.md", "only.en.md"}
    assert not found["crosses_language"]


@everywhere
async def test_a_question_in_another_language_than_the_knowledge_is_marked(knowledge: ChromaKnowledge) -> None:
    store(knowledge, CARDS)

    found = await knowledge.search(BANK, "card kayıp", locale="tr")

    assert found["crosses_language"]


@everywhere
async def test_an_exact_code_is_found_among_near_identical_passages(knowledge: ChromaKnowledge) -> None:
    texts = [f"Device error E{4000 + at}: restart the device and call us if it stays." for at in range(80)]
    store(knowledge, *(document(f"{at}.md", text) for at, text in enumerate(texts)))

    for at in (0, 17, 79):
        found = await knowledge.search(BANK, f"what does e{4000 + at} mean", locale="en")

        assert found["passages"][0]["source"] == f"{at}.md"
        assert found["margin"] > 0.05


@everywhere
async def test_the_same_text_twice_neither_fills_the_hits_nor_hides_the_margin(knowledge: ChromaKnowledge) -> None:
    store(knowledge, CARDS, FEES)
    alone = await knowledge.search(BANK, "my card is lost", locale="en")
    copy = document("copy.md", CARDS.passages[0].text)
    store(knowledge, copy)

    found = await knowledge.search(BANK, "my card is lost", locale="en")

    assert [p["text"] for p in found["passages"]].count(CARDS.passages[0].text) == 1
    assert found["margin"] == pytest.approx(alone["margin"], abs=0.02)


@everywhere
async def test_a_faq_row_is_found_by_its_question_and_carries_its_answer(knowledge: ChromaKnowledge) -> None:
    store(knowledge, faq("faq.csv", ("How do I change my PIN?", "In the app, under Cards."), ("Are you open?", "Yes.")))

    found = await knowledge.search(BANK, "change PIN", locale="en")

    best = found["passages"][0]
    assert best["answer"] == "In the app, under Cards."
    assert best["text"].startswith("How do I change my PIN?")


@everywhere
async def test_a_faq_row_is_called_by_its_question_and_relevance_lies_between_nothing_and_all(
    knowledge: ChromaKnowledge,
) -> None:
    question = "How do I change my PIN?"
    store(knowledge, faq("faq.csv", (question, "In the app, under Cards."), ("Are you open?", "Yes.")), FEES, CARDS)
    asked = [await knowledge.search(BANK, words, locale="en") for words in (question, "change PIN", "my cat is hungry")]
    relevance = [[passage["relevance"] for passage in found["passages"]] for found in asked]

    assert asked[0]["passages"][0]["title"] == question
    assert all(0 <= one <= 1 and ranked == sorted(ranked, reverse=True) for ranked in relevance for one in ranked)
    assert relevance[0][0] > relevance[1][0] > 0.3 > relevance[2][0]


@everywhere
async def test_hits_stay_within_top_k_and_the_budget_of_evidence(knowledge: ChromaKnowledge) -> None:
    many = [f"Card rule number {at}: " + f"word{at} " * 60 for at in range(12)]
    store(knowledge, *(document(f"{at}.md", text) for at, text in enumerate(many)))

    few = make_version(knowledge={"top_k": 3})
    tight = make_version(knowledge={"max_evidence_tokens": 50})

    assert (await knowledge.search(few, "card rule", locale="en"))["hits"] == 3
    assert (await knowledge.search(tight, "card rule", locale="en"))["hits"] == 1


@everywhere
async def test_other_embeddings_than_those_it_was_built_with_are_refused_with_the_way_out(
    knowledge: ChromaKnowledge, open_here: OpenKnowledge
) -> None:
    store(knowledge, CARDS)
    knowledge.close()
    other = open_here(encoder=HashEncoder("hash:2"))

    with pytest.raises(EncoderMismatchError, match=r"'hash:1'.*'hash:2'.*--rebuild"):
        store(other, FEES)
    found = await other.search(BANK, "lost card", locale="en")

    assert found["failure"] is not None
    assert "--rebuild" in found["failure"]


@everywhere
async def test_a_rebuild_keeps_every_document_under_the_new_embeddings(
    knowledge: ChromaKnowledge, open_here: OpenKnowledge
) -> None:
    store(knowledge, CARDS, FEES)
    knowledge.close()
    other = open_here(encoder=HashEncoder("hash:2", dimension=128))

    other.write(HERE, add=[CARDS], remove=(), locales=["en"], rebuild=True)
    found = await other.search(BANK, "cash withdrawal abroad", locale="en")

    assert found["passages"][0]["source"] == "fees.md"
    assert len(await other.list_documents(BANK)) == 2


@everywhere
async def test_the_baseline_is_what_unrelated_questions_reach(knowledge: ChromaKnowledge) -> None:
    store(knowledge, CARDS, FEES)

    found = await knowledge.search(BANK, CARDS.passages[0].text, locale="en")
    german = await knowledge.search(BANK, CARDS.passages[0].text, locale="de")

    assert 0 < found["baseline"] < found["max_score"]
    assert 0 < german["baseline"] < german["max_score"]


@everywhere
async def test_what_else_speaks_for_a_passage_is_noted_and_a_copy_of_it_takes_nothing_away(
    knowledge: ChromaKnowledge,
) -> None:
    cards = "Our cards are blue. A lost card is blocked at once by a call. The branch opens at nine."
    store(knowledge, document("cards.md", cards), FEES)
    alone = (await knowledge.search(BANK, "is a lost card blocked", locale="en"))["signs"]
    store(knowledge, document("copy.md", cards))
    twice = (await knowledge.search(BANK, "is a lost card blocked", locale="en"))["signs"]
    store(knowledge, document("stolen.md", "A lost card is blocked, and so is a stolen card."))
    rivalled = (await knowledge.search(BANK, "is a lost card blocked", locale="en"))["signs"]

    assert alone["told"] == 1
    assert (alone["coverage_margin"], alone["sentence_margin"]) == pytest.approx(
        (twice["coverage_margin"], twice["sentence_margin"]), abs=0.1
    )
    assert rivalled["coverage_margin"] < alone["coverage_margin"] - 0.2
    assert rivalled["sentence_margin"] < alone["sentence_margin"] - 0.2


@everywhere
async def test_the_words_of_a_row_s_question_speak_for_it_too(knowledge: ChromaKnowledge) -> None:
    store(knowledge, faq("faq.csv", ("How do I change my PIN?", "In the app, under Settings."), ("Where?", "Here.")))

    found = await knowledge.search(BANK, "how do i change my pin", locale="en")

    assert found["signs"]["told"] == 1
