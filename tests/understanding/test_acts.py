"""Dialogue acts are known in every shipped language without an author's examples."""

import numpy as np
import pytest

from understanding.act_examples import load_examples, vectors_of
from understanding.acts import ACTS, train_acts
from understanding.folding import fold

FLOW = frozenset(ACTS)


@pytest.fixture(scope="module")
def acts(encoder):
    return train_acts(encoder, [], np.zeros((0, encoder.dimension), dtype=np.float32), ["en", "tr", "zh"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("evet aynen öyle", "affirm"),
        ("yep that's right", "affirm"),
        ("对的没问题", "affirm"),
        ("hayır öyle değil", "deny"),
        ("nope, wrong", "deny"),
        ("不是这样的", "deny"),
        ("vazgeçtim kalsın", "cancel"),
        ("forget the whole thing", "cancel"),
        ("算了不弄了", "cancel"),
        ("这笔钱不付了", "cancel"),
        ("ödemeyi boş verin", "cancel"),
        ("bir yetkiliyle görüşeyim", "person"),
        ("put me through to someone", "person"),
        ("帮我转人工客服", "person"),
        ("bunu niye soruyorsun", "why"),
        ("what do you need this for", "why"),
        ("问这个干嘛", "why"),
        ("bir daha söyler misin", "repeat"),
        ("could you say that once more", "repeat"),
        ("麻烦再说一次", "repeat"),
        ("çok sağ olun", "thanks"),
        ("thank you kindly", "thanks"),
        ("太谢谢你了", "thanks"),
        ("EVEEEET", "affirm"),
        ("hayirrr", "deny"),
        ("好滴", "affirm"),
    ],
)
def test_an_act_is_known_by_its_meaning(acts, encoder, text, expected):
    reading = acts.read(text, encoder.encode_now([text], "query")[0], locales=["tr"])

    act, chance = reading.best(FLOW)

    assert act == expected
    assert chance > 0.5


@pytest.mark.parametrize(
    "text",
    [
        "siparişimi iptal etmek istiyorum",
        "cancel my hotel booking",
        "取消我的酒店预订",
        "Ahmet Yılmaz",
        "500 lira",
        "明天下午三点",
    ],
)
def test_a_wish_or_a_value_is_no_act(acts, encoder, text):
    reading = acts.read(text, encoder.encode_now([text], "query")[0], locales=["tr"])

    assert reading.best(FLOW)[1] < 0.5


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("ücreti ne kadar", True),
        ("how long does it take", True),
        ("几天能到", True),
        ("kartımı kapatın", False),
        ("I want a refund", False),
        ("帮我退货", False),
        ("can you block my card", False),
    ],
)
def test_a_question_is_told_from_a_wish(acts, encoder, text, asks):
    reading = acts.read(text, encoder.encode_now([text], "query")[0], locales=["en"])

    assert (reading.question > 0.5) is asks


def test_the_sessions_language_decides_what_a_short_word_means(acts):
    assert acts.exact("yo", locales=["tr"]) == "deny"
    assert acts.exact("yo", locales=["en"]) == "greeting"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("EVEEEET!!", "evet"),
        ("Hayır.", "hayir"),
        ("that’s right", "thats right"),
        ("👍", "👍"),
        ("好的。", "好的"),
        ("", ""),
    ],
)
def test_short_messages_are_compared_by_one_spelling(text, folded):
    assert fold(text) == folded


@pytest.mark.parametrize("locale", ["en", "tr", "zh"])
def test_every_act_has_enough_examples_in_every_shipped_language(locale):
    examples = next(each for each in load_examples() if each.locale == locale)
    counts = {act: sum(1 for _, label in examples.labelled if label == act) for act in (*ACTS, "question", "other")}

    assert min(counts[act] for act in ACTS) >= 25
    assert counts["other"] >= 150
    assert counts["question"] >= 50


@pytest.mark.parametrize("locale", ["en", "tr", "zh"])
def test_the_shipped_vectors_are_those_of_the_shipped_examples(encoder, locale):
    class Refusing:
        name = encoder.name
        dimension = encoder.dimension

        async def encode(self, texts, kind):
            return self.encode_now(texts, kind)

        def encode_now(self, texts, kind):
            raise AssertionError(f"no shipped vector of {texts[:3]}: run `python -m understanding.act_examples`")

        def forget(self):
            return None

    examples = next(each for each in load_examples() if each.locale == locale)
    texts = [text for text, _ in examples.labelled]
    shipped = vectors_of(texts, Refusing())

    sample = texts[::60]
    assert np.abs(shipped[::60] - encoder.encode_now(sample, "query")).max() < 0.002
