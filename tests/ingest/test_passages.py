"""Documents are cut where a reader would cut them."""

import itertools

import pytest

from dialogue.tokens import estimate_tokens
from ingest.documents import Content, FaqRow, UnreadableFileError
from ingest.passages import MOST_TOKENS, TARGET_TOKENS, cut, sections

GUIDE = """# Cards

Intro sentence.

## Losing a card

Call us **at once**. See [the site](https://bank.example).

```
# not a heading
```

Fees
----

### Abroad

Three percent.
"""


def test_sections_keep_their_heading_path_without_the_title() -> None:
    found = [(heading, " ".join(parts)) for heading, parts in sections(GUIDE, title="Cards")]

    assert [heading for heading, _ in found] == ["", "Losing a card", "Fees › Abroad"]
    assert "Call us at once. See the site." in found[1][1]
    assert "# not a heading" in found[1][1]


def test_a_short_section_is_one_passage() -> None:
    passages = cut(Content(title="Cards", text=GUIDE), locale="en")

    assert [passage.heading for passage in passages] == ["", "Losing a card", "Fees › Abroad"]


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        ("en", "Sentence number {} tells how a customer may return one of our many products. "),
        ("tr", "Bu {} numaralı cümle müşterinin ürünü nasıl iade edeceğini uzun uzun anlatır. "),
        ("zh", "这是第{}句话，说明顾客怎样退回我们的商品以及需要准备哪些材料。"),
    ],
)
def test_a_long_text_is_packed_by_whole_sentences_with_overlap(locale: str, sentence: str) -> None:
    text = "".join(sentence.format(number) for number in range(60)).strip()
    passages = [passage.text for passage in cut(Content(title="T", text=text), locale=locale)]

    assert len(passages) > 3
    for passage in passages:
        assert passage.endswith((".", "。"))
        assert estimate_tokens(passage) < TARGET_TOKENS * 1.3
    for passage in passages[:-1]:
        assert estimate_tokens(passage) > TARGET_TOKENS * 0.7
    for before, after in itertools.pairwise(passages):
        assert after[:30] in before
    assert all(sentence.format(number).strip() in "\n".join(passages) for number in range(60))


def test_a_sentence_without_end_is_cut_all_the_same() -> None:
    passages = cut(Content(title="T", text="word " * 5000), locale="en")

    assert all(estimate_tokens(passage.text) <= MOST_TOKENS + 10 for passage in passages)
    assert sum(passage.text.count("word") for passage in passages) >= 5000


def test_a_faq_row_stays_whole() -> None:
    passages = cut(Content(title="FAQ", faq=(FaqRow("How?", "So. " * 300),)), locale="en")

    assert [(passage.text, passage.answer) for passage in passages] == [("How?", "So. " * 300)]


def test_a_document_of_too_many_passages_is_refused() -> None:
    with pytest.raises(UnreadableFileError, match="passages"):
        cut(Content(title="T", rows=("a",) * 30_000), locale="en")
