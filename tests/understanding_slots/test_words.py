import pytest

from config.project import Slot
from understanding.grammar.folding import fold
from understanding.slot_identifiers import find_phones


def values(found):
    return {each.slot: each.value for each in found}


@pytest.mark.parametrize(
    ("locale", "text", "name"),
    [
        ("en", "my name is Sean O'Connor and I need help", "Sean O'Connor"),
        ("en", "book it under Priya", "Priya"),
        ("en", "a table for Signe Decos on January 1st", "Signe Decos"),
        ("tr", "adım Mehmet Öztürk", "Mehmet Öztürk"),
        ("tr", "Zeynep Kaya adına", "Zeynep Kaya"),
        ("zh", "我叫李雷", "李雷"),
        ("zh", "姓名：欧阳娜娜", "欧阳娜娜"),
    ],
)
def test_names_follow_the_words_that_announce_them(ask, locale, text, name):
    assert values(ask(locale, text, customer={"type": "name"})) == {"customer": name}


@pytest.mark.parametrize(
    ("locale", "text", "name"),
    [
        ("tr", "Ayşe Yılmaz'a 500 lira gönder", "Ayşe Yılmaz"),
        ("zh", "转两百块给王小明", "王小明"),
        ("en", "send it to Maria Lopez", "Maria Lopez"),
    ],
)
def test_a_recipient_is_who_something_goes_to(ask, locale, text, name):
    assert values(ask(locale, text, recipient={"type": "name"})) == {"recipient": name}


def test_a_recipient_is_not_the_customer(ask):
    assert ask("en", "my name is Maria Lopez", recipient={"type": "name"}) == []


@pytest.mark.parametrize(
    ("locale", "text", "name"),
    [
        ("en", "The driver will be Kwame Mensah", "Kwame Mensah"),
        ("tr", "şoför Ali Rıza Demirtaş olacak", "Ali Rıza Demirtaş"),
        ("zh", "司机是赵子龙", "赵子龙"),
    ],
)
def test_a_name_that_was_asked_for_is_found_in_a_sentence(ask, locale, text, name):
    assert values(ask(locale, text, requested=["driver"], driver={"type": "name"})) == {"driver": name}


@pytest.mark.parametrize("text", ["no", "I don't know", "what do you mean?", "12"])
def test_an_answer_that_is_no_name_is_none(ask, text):
    assert ask("en", text, requested=["customer"], customer={"type": "name"}) == []


def test_a_whole_name_fills_both_halves(ask):
    found = ask("en", "Grace Brewster Hopper", requested=["first_name", "last_name"],
                first_name={"type": "name"}, last_name={"type": "name"})  # fmt: skip

    assert values(found) == {"first_name": "Grace Brewster", "last_name": "Hopper"}


@pytest.mark.parametrize(
    ("locale", "text", "note"),
    [
        ("en", "the note should say rent for April", "rent for April"),
        ("tr", "açıklama kira olsun", "kira"),
        ("zh", "备注写房租", "房租"),
        ("en", "please", "please"),
    ],
)
def test_free_text_is_taken_without_the_words_that_lead_to_it(ask, locale, text, note):
    assert values(ask(locale, text, requested=["note"], note={"type": "text"})) == {"note": note}


NOTE = {
    "amount": {"type": "money", "currency": "TRY", "title": {"en": "amount", "tr": "tutar"}},
    "note": {
        "type": "text",
        "required": False,
        "title": {"en": "note", "tr": "açıklama", "zh": "附言", "de": "Verwendungszweck"},
    },
}


@pytest.mark.parametrize(
    ("locale", "text", "note"),
    [
        ("en", "add the note: rent", "rent"),
        ("en", "Note: rent, March and April", "rent, March and April"),
        ("en", "please add a note saying happy birthday", "happy birthday"),
        ("en", 'put "rent March" as the note', "rent March"),
        ("tr", "açıklama: mart kirası", "mart kirası"),
        ("tr", "açıklama olarak kira yaz", "kira"),
        ("tr", "açıklama kısmına mart kirası yazın lütfen", "mart kirası"),
        ("tr", "doğum günü hediyesi diye açıklama ekle", "doğum günü hediyesi"),
        ("zh", "附言：三月房租", "三月房租"),
        ("zh", "附言写生日快乐", "生日快乐"),
        ("zh", "加个附言生日快乐", "生日快乐"),
        ("de", "Verwendungszweck: Miete März", "Miete März"),
        ("de", "schreib als Verwendungszweck Miete", "Miete"),
        ("de", "Verwendungszweck soll Miete sein", "Miete"),
    ],
)
def test_a_text_that_is_announced_by_its_slots_title_is_taken_unasked(ask, locale, text, note):
    assert values(ask(locale, text, **NOTE)) == {"note": note}


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("zh", "附言：房租300元"),
        ("tr", "açıklama: kira 300 lira"),
        ("en", "note: rent 300"),
        ("de", "Verwendungszweck: Rate 300"),
    ],
)
def test_what_stands_in_an_announced_text_is_no_other_slots_value(ask, locale, text):
    assert list(values(ask(locale, text, **NOTE))) == ["note"]


def test_an_announced_text_ends_where_another_slot_is_named(ask):
    found = values(ask("en", "note: rent and garage, amount 300 lira", **NOTE))

    assert found == {"note": "rent and garage", "amount": {"amount": 300, "currency": "TRY"}}


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "can I add a note?"),
        ("en", "what is the note for"),
        ("tr", "açıklama ekleyebilir miyim?"),
        ("zh", "附言是什么"),
        ("zh", "可以加附言吗"),
        ("de", "was ist der Verwendungszweck?"),
    ],
)
def test_a_question_about_a_text_does_not_announce_it(ask, locale, text):
    assert ask(locale, text, **NOTE) == []


# --- identifiers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["ORD-482913", "ord 482913", "it is ORD482913.", "Ord-482913", "ord.482913"])
def test_an_identifier_is_found_however_it_is_spaced(ask, text):
    assert values(ask("en", text, order={"type": "id", "pattern": "ORD-[0-9]{6}"})) == {"order": "ORD-482913"}


def test_an_identifier_keeps_its_own_case_where_the_pattern_allows_it(ask):
    assert values(ask("en", "code aBcD1234", code={"type": "id", "pattern": "[A-Za-z]{4}[0-9]{4}"})) == {
        "code": "aBcD1234"
    }


def test_digits_inside_a_longer_number_are_no_identifier(ask):
    assert ask("en", "1234567", last4={"type": "id", "pattern": "[0-9]{4}"}) == []


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        ("iban", "TR33 0006 1005 1978 6457 8413 26", "TR330006100519786457841326"),
        ("tckn", "kimlik 10000000146", "10000000146"),
        ("card", "4111-1111-1111-1111", "4111111111111111"),
        ("imei", "490154203237518", "490154203237518"),
        ("cn_resident_id", "11010519491231002x", "11010519491231002X"),
        ("vin", "1HGCM82633A004352", "1HGCM82633A004352"),
    ],
)
def test_checksummed_identifiers_are_recognised(ask, form, text, value):
    found = ask("tr", text, number={"type": "id", "format": form})

    assert values(found) == {"number": value}
    assert found[0].score == 1


@pytest.mark.parametrize(
    ("form", "text"),
    [("iban", "TR34 0006 1005 1978 6457 8413 26"), ("tckn", "10000000147"), ("card", "4111111111111112")],
)
def test_a_wrong_checksum_is_told_with_a_low_score(ask, form, text):
    found = ask("tr", text, requested=["number"], number={"type": "id", "format": form})

    assert [each.score for each in found] == [0.5]


@pytest.mark.parametrize("pattern", ["(", "(a+)+b", "[", "(x*)*y", "a{99999999}", "\\", "(?P<n>"])
def test_a_broken_or_endless_pattern_of_an_author_finds_nothing(ask, pattern):
    assert ask("en", "a" * 60 + "!", code={"type": "id", "pattern": pattern}) == []


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("0532 123 45 67", "TR", "+905321234567"),
        ("5321234567", "TR", "+905321234567"),
        ("+1 (415) 555-2671", "TR", "+14155552671"),
        ("0044 7911 123456", "TR", "+447911123456"),
        ("电话是13812345678", "CN", "+8613812345678"),
    ],
)
def test_phone_numbers_are_e164(text, region, number):
    assert [each.value for each in find_phones(fold(text), region)] == [number]


def test_a_date_is_no_phone_number(ask):
    assert ask("tr", "21.03.2026", phone={"type": "phone"}) == []


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("mail: J.Smith+x@mail.example.co.uk.", "j.smith+x@mail.example.co.uk"),
        ("dana at example dot com", "dana@example.com"),
    ],
)
def test_email_addresses_are_found(ask, text, email):
    assert values(ask("en", text, email={"type": "email"})) == {"email": email}


# --- choices -------------------------------------------------------------------------------------------------------

COLOURS = Slot(
    type="choice",
    values={"red": {"tr": ["kırmızı"]}, "black": {"tr": ["siyah"], "zh": ["黑色"]}, "white": {"tr": ["beyaz"]}},
).model_dump()


@pytest.mark.parametrize(
    ("locale", "text", "colour"),
    [
        ("tr", "SİYAH olsun", "black"),
        ("tr", "siyahından istiyorum", "black"),
        ("tr", "kirmizi", "red"),
        ("tr", "beyas olanı", "white"),
        ("tr", "black", "black"),
        ("en", "the blak one", "black"),
        ("zh", "要黑色的", "black"),
        ("tr", "kırmızı değil siyah", "black"),
        ("zh", "不要red，要黑色", "black"),
    ],
)
def test_a_choice_is_found_by_key_synonym_suffix_or_typing_mistake(ask, locale, text, colour):
    found = ask(locale, text, colour=COLOURS)

    assert [each.value for each in found if not each.negated] == [colour]


def test_an_answer_may_name_only_what_sets_a_choice_apart(ask):
    seats = {"type": "choice", "values": ["economy class", "business class"]}

    assert values(ask("en", "economy please", requested=["seat"], seat=seats)) == {"seat": "economy class"}
    assert ask("en", "a class", requested=["seat"], seat=seats) == []


def test_no_preference_is_a_choice_where_the_author_offers_one(ask):
    area = {"type": "choice", "values": ["north", "south", "any"]}

    assert values(ask("en", "doesn't matter", requested=["area"], area=area)) == {"area": "any"}


def test_letters_of_a_contraction_are_no_choice(ask):
    assert (
        ask(
            "en",
            "it's fine, I'm ok",
            size={"type": "choice", "values": {"small": {"en": ["s"]}, "medium": {"en": ["m"]}}},
        )
        == []
    )
