"""Messages that whole short phrases make together."""

import pytest

from tests.understanding.conftest import at, said
from tests.understanding.harbour import TO_VISIT
from understanding.composed import says_only


@pytest.mark.parametrize(
    ("text", "act", "beside", "locale"),
    [
        ("perfect, thank you", "affirm", ("thanks",), "en"),
        ("yes yes go ahead please", "affirm", (), "en"),
        ("no, thanks mate", "deny", ("thanks",), "en"),
        ("çok güzel, teşekkürler", "affirm", ("thanks",), "tr"),
        ("很好，谢谢", "affirm", ("thanks",), "zh"),
        ("是呢", "affirm", (), "zh"),
        ("genau, danke", "affirm", ("thanks",), "de"),
        ("perfect, thank you", "affirm", (), None),
        ("thank you", "affirm", ("thanks",), None),
        ("yes no", "affirm", (), None),
        ("好不好", "affirm", (), None),
        ("yes but later", "affirm", (), None),
        ("please", "affirm", (), None),
        ("", "affirm", (), None),
        ("no " * 40, "deny", (), None),
    ],
)
def test_a_message_is_an_act_where_all_its_phrases_are(text, act, beside, locale):
    assert says_only(text, act, *beside) == locale


@pytest.mark.parametrize(
    ("message", "locale", "meant"),
    [
        ("no objections from me", "en", "affirm"),
        ("yeah why not", "en", "affirm"),
        ("evet neden olmasın", "tr", "affirm"),
        ("harika, sağ olun", "tr", "affirm"),
        ("我没有异议", "zh", "affirm"),
        ("嗯……", "zh", None),
        ("对了", "zh", None),
        ("对吧", "zh", None),
        ("yes um", "en", None),
        ("如果错了怎么办", "zh", None),
        ("等我一分钟", "zh", None),
    ],
)
async def test_a_yes_in_words_of_denial_is_one_and_a_doubt_is_none(reader, harbour, message, locale, meant):
    heard = said(await reader.understand(harbour, at(message, locale=locale, **TO_VISIT)))

    assert ("affirm" in heard) == (meant == "affirm")
    assert "deny" not in heard
    assert not any(each.startswith("fill") for each in heard)
