from typing import get_args

import pytest

from config.catalog import Catalog, build_catalog, built_in_locales, built_in_texts, text_keys
from config.project import ErrorKind, SlotType
from config.templates import names_in

LOCALES = sorted(built_in_locales())
ARGUMENTS = [{"title": "Amount", "value": "500"}, {"title": "IBAN", "value": "TR1"}]
SAMPLES: dict[str, object] = {
    "arguments": ARGUMENTS,
    "results": ARGUMENTS,
    "choices": ["A", "B", "C"],
    "titles": ["A", "B"],
}


def sample(name: str) -> object:
    return SAMPLES.get(name, f"<{name}>")


@pytest.mark.parametrize("locale", LOCALES)
def test_every_locale_has_every_key_and_no_other(locale):
    assert set(built_in_texts()[locale]) == set(text_keys())


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_reads_only_the_values_of_its_key(locale):
    strays = {
        key: names
        for key, text in built_in_texts()[locale].items()
        if (names := {name.split(".")[0] for name in names_in(text)} - text_keys()[key].values)
    }

    assert strays == {}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("key", sorted(text_keys()))
def test_every_text_is_filled_with_and_without_its_optional_values(locale, key):
    catalog, known = build_catalog({}), text_keys()[key]
    least = {name: sample(name) for name in known.required}
    most = {name: sample(name) for name in known.values}

    for values in (least, most):
        text = catalog.render(key, [locale], locale, values)
        assert "None" not in text
        assert "{" not in text
    for name in known.required - {"arguments", "choices", "titles"}:
        assert f"<{name}>" in catalog.render(key, [locale], locale, most)


@pytest.mark.parametrize("kind", get_args(ErrorKind))
def test_every_kind_of_error_has_a_text(kind):
    catalog = build_catalog({})

    assert catalog.render(f"error.{kind}", ["en"], "en", {}) == catalog.render(kind, ["en"], "en", {})


@pytest.mark.parametrize("kind", get_args(SlotType))
def test_every_slot_type_has_its_texts(kind):
    assert {f"ask.{kind}", f"wrong_type.{kind}", f"example.{kind}"} <= set(text_keys())


def test_an_unknown_kind_of_error_reads_as_internal_error():
    catalog = build_catalog({})

    assert catalog.render("error.moon_fell", ["en"], "en", {}) == catalog.render("internal_error", ["en"], "en", {})


def test_an_unknown_key_is_a_mistake_of_the_program():
    with pytest.raises(KeyError):
        build_catalog({}).render("no.such.text", ["en"], "en", {})


CATALOG = Catalog(
    built_in={"en": {"a": "en a", "b": "en b", "c": "en c"}, "zh": {"a": "zh a", "b": "zh b"}, "tr": {"a": "tr a"}},
    own={"zh": {"a": "own zh a"}, "tr": {"b": "own tr b"}},
)


@pytest.mark.parametrize(
    ("key", "locale", "text"),
    [
        ("a", "zh", "own zh a"),
        ("b", "zh", "zh b"),
        ("a", "zh-CN", "own zh a"),
        ("a", "de", "tr a"),
        ("b", "de", "own tr b"),
        ("c", "zh", "en c"),
    ],
)
def test_the_projects_words_win_then_ours_then_other_locales(key, locale, text):
    assert CATALOG.render(key, ["tr", "zh"], locale, {}) == text


@pytest.mark.parametrize(
    ("locale", "choices", "titles"),
    [("en", "A, B or C", "A and B"), ("tr", "A, B veya C", "A ve B"), ("zh", "A、B或C", "A和B")],
)
def test_lists_are_joined_in_the_locales_manner(locale, choices, titles):
    catalog = build_catalog({locale: {"x": "{{ choices }}|{{ titles }}|{{ flag }}"}})

    text = catalog.render("x", [locale], locale, {"choices": ["A", "B", "C"], "titles": ["A", "B"], "flag": True})
    assert text == f"{choices}|{titles}|{catalog.render('word.yes', [locale], locale, {})}"


def test_the_example_of_the_contract_names_the_service():
    catalog = build_catalog({"tr": {"api_error": "{{ action }} servisi şu an yanıt vermiyor."}})

    assert catalog.render("error.api_error", ["tr"], "tr", {"action": "Havale"}).startswith("Havale servisi")


@pytest.mark.parametrize(
    ("locale", "text"),
    [("en", "Amount: 500, IBAN: TR1."), ("tr", "Amount: 500, IBAN: TR1."), ("zh", "Amount：500，IBAN：TR1。")],
)
def test_a_confirmation_lists_its_arguments(locale, text):
    values = {"intent": "Send money", "arguments": ARGUMENTS}

    assert text in build_catalog({}).render("confirm.ask", [locale], locale, values)


@pytest.mark.parametrize(
    ("locale", "key", "title", "text"),
    [
        ("en", "corrected", "amount", "Changed. Amount is now 5."),
        ("en", "corrected", "IBAN", "Changed. IBAN is now 5."),
        ("en", "correct.ask", "amount", "All right, I've forgotten this: amount."),
        ("tr", "corrected", "isim", "Değiştirdim. İsim: 5."),
        ("tr", "invalid.too_small", "ılık su", "Bu değer çok düşük. Ilık su için en düşük değer: 5."),
        ("zh", "corrected", "金额", "已修改，金额现在是5。"),
    ],
)
def test_a_title_is_written_large_where_a_sentence_begins_with_it(locale, key, title, text):
    said = build_catalog({}).render(key, [locale], locale, {"title": title, "value": "5", "limit": "5"})

    assert said == text


def test_only_the_first_of_several_titles_begins_a_sentence():
    arguments = [{"title": "amount", "value": "500"}, {"title": "note", "value": "rent. thanks"}]
    said = build_catalog({}).render("confirm.ask", ["en"], "en", {"intent": "send money", "arguments": arguments})

    assert said == "Send money. Amount: 500, note: rent. thanks. Shall I go ahead?"
