"""What an answer says that its evidence does not."""

import pytest

from tools.grounding import check

EVIDENCE = [
    "A transfer to another bank costs 1,250.50 TRY and arrives by 15 March 2026 at 20:00.",
    "Akbank ve İstanbul şubesi hafta içi 09:00-18:00 açıktır.",
]


@pytest.mark.parametrize(
    "answer",
    [
        "It costs 1,250.50 TRY.",
        "It costs 1250.5 TRY [1].",
        "Ücret 1.250,50 TRY.",
        "It arrives by 15 March 2026.",
        "1. Wait until 20:00.\n2. Call us.",
        "Şube 9:00 ile 18:00 arasında açık.",
        "It costs １２５０.50 TRY.",
        "You asked about 77 transfers.",
    ],
)
def test_figures_of_the_evidence_and_the_question_are_no_fault(answer: str) -> None:
    assert check(answer, EVIDENCE, "what about 77 transfers?", same_language=True).numbers == ()


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [
        ("It costs 1,260.50 TRY.", ("1,260.50",)),
        ("It costs 125 TRY.", ("125",)),
        ("It arrives by 16 March 2026.", ("16",)),
        ("It arrives in ٧ days.", ("7",)),
        ("Costs 1,250.50 or 12 % [1][2].", ("12",)),
    ],
)
def test_an_altered_figure_is_named(answer: str, numbers: tuple[str, ...]) -> None:
    report = check(answer, EVIDENCE, "how much?", same_language=False)

    assert report.numbers == numbers
    assert not report.grounded


def test_a_foreign_name_is_named_and_an_inflected_one_is_not() -> None:
    report = check("Şubemiz Garanti ile İstanbul'da ve Akbank'ın yanında.", EVIDENCE, "", same_language=True)

    assert report.names == ("Garanti",)


def test_between_languages_only_figures_are_compared() -> None:
    report = check("跨行转账需要 1250.50 里拉。", EVIDENCE, "手续费多少？", same_language=False)

    assert (report.names, report.coverage, report.grounded) == ((), None, True)


def test_words_from_elsewhere_are_seen_by_their_coverage() -> None:
    here = check("The transfer to another bank arrives by March.", EVIDENCE, "", same_language=True)
    elsewhere = check("Our zoo keeps elephants happily beside lakes.", EVIDENCE, "", same_language=True)

    assert here.grounded
    assert not elsewhere.grounded


RULES = [
    "A loan runs for 36 months. It may be repaid within 14 days; the fee is 5 TL, and 25 TL abroad. Gebühr: %3,49."
]


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [
        ("The loan runs for 14 months.", ("14",)),
        ("Repay it within 36 days.", ("36",)),
        ("A loan runs for 36 months, and you repay it in 14 business days.", ()),
        ("It costs 5 TL here and 25 TL abroad.", ()),
        ("It costs 36 TL.", ("36",)),
        ("The figure you look for is 14.", ()),
    ],
)
def test_a_figure_of_another_thing_is_named_and_a_free_wording_is_not(answer: str, numbers: tuple[str, ...]) -> None:
    assert check(answer, RULES, "", same_language=True).numbers == numbers


def test_figures_change_places_in_chinese_too() -> None:
    evidence = ["保修期为12个月，7天内可以退货，运费10元。"]

    assert check("12天内可以退货。", evidence, "", same_language=True).numbers == ("12",)
    assert check("7天内可以退货，运费10元。", evidence, "", same_language=True).numbers == ()


COPIED = [
    "The loan for a car runs from 1402 to 1405 days, and the loan for a house from 6 to 1402 days in all branches.",
    "保修期自1961年7月由总公司正式宣布开始，新的条款于1962年6月由分公司正式宣布生效。",
]


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [
        ("The loan for a car runs from 1402 to 1402 days, and the loan for a house.", ("1402",)),
        ("The loan for a house from 1405 to 1402 days in all branches.", ("1405",)),
        ("新的条款于1962年7月由分公司正式宣布生效。", ("7",)),
        ("The loan for a house from 6 to 1402 days in all branches.", ()),
        ("A house: from 6 days on, or for 1402 days, in all branches; a car: 1402 to 1405 days.", ()),
        ("新的条款于1962年6月由分公司正式宣布生效。", ()),
    ],
)
def test_a_copied_sentence_keeps_its_own_figures(answer: str, numbers: tuple[str, ...]) -> None:
    assert check(answer, COPIED, "", same_language=True).numbers == numbers


def test_what_the_customer_said_in_the_words_of_the_evidence_may_be_repeated() -> None:
    evidence = ["A transfer abroad costs 8 TL in all branches. Ask for 5 days."]

    assert check("A transfer abroad costs 5 TL in all branches?", evidence, "is it 5 TL?", same_language=True).grounded
