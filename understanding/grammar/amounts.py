"""Quantities with a unit: money, percentages, durations."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from pydantic import JsonValue

from understanding.grammar.entities import Entity, longest, whole
from understanding.grammar.folding import View, fold_word
from understanding.grammar.language import Language, Rule
from understanding.grammar.ranges import low_before
from understanding.grammar.yaml_data import mapping

SIGNS: Mapping[str, tuple[str, ...]] = {
    "$": ("USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN", "TWD"),
    "€": ("EUR",),
    "£": ("GBP",),
    "₺": ("TRY",),
    "¥": ("CNY", "JPY"),
    "₹": ("INR",),
    "₽": ("RUB",),
    "₩": ("KRW",),
    "₴": ("UAH",),
    "₫": ("VND",),
    "₪": ("ILS",),
}
"""Signs of money everywhere, with the currencies that share one."""

_SHARED_WORDS: Mapping[str, tuple[str, ...]] = {"USD": SIGNS["$"], "GBP": ("GBP", "EGP"), "CHF": ("CHF", "XOF", "XAF")}
_CODES = (
    "usd|eur|gbp|try|cny|rmb|jpy|chf|inr|rub|cad|aud|nzd|hkd|sgd|twd|aed|sar|ils|egp|zar|mxn|brl|sek|nok|dkk|isk|pln|czk"
    "|huf|ron|bgn|uah|krw|vnd|thb|idr"
)
_SIGN = "[" + "".join(SIGNS) + "]"
_NUMBER = r"(?<![\d.])\d{1,15}(?:\.\d{1,6})?"


def find_money(view: View, language: Language, currency: str | None) -> list[Entity]:
    """Amounts of money; `currency` is what a shared sign or word ("$", "dollars") means here."""
    found = [entity for match in _before().finditer(view.text) if (entity := _signed(match, view, currency))]
    pattern = _after(language)
    found.extend(_worded(match, view, language, currency) for match in pattern.finditer(view.text))
    minor = _minor(language)
    for match in minor.finditer(view.text) if minor else ():
        factor = float(str(_factor(language, match["minor"])))
        found.append(_money(view, match, float(match["n"]) * factor, currency or "", 0.8))
    found.extend(_banknotes(view, language, currency))
    return longest(found)


def _banknotes(view: View, language: Language, currency: str | None) -> Iterator[Entity]:
    """Amounts named by a note, or several of it: "a tenner", "two fivers"."""
    worth = {fold_word(word): float(str(value)) for word, value in mapping(language.data.get("banknotes")).items()}
    key = f"{language.code} note"
    if worth and key not in _PATTERNS:
        words = language.alternation(worth)
        _PATTERNS[key] = re.compile(rf"(?:(?P<n>{_NUMBER})\s{{0,2}})?(?<![^\W_])(?P<note>{words})(?![^\W_])")
    for match in _PATTERNS[key].finditer(view.text) if worth else ():
        yield _money(view, match, float(match["n"] or 1) * worth[match["note"]], currency or "", 0.9)


_PATTERNS: dict[str, re.Pattern[str]] = {}


def _before() -> re.Pattern[str]:
    if "" not in _PATTERNS:
        _PATTERNS[""] = re.compile(
            rf"(?P<sign>(?:us|ca|au)?{_SIGN}|(?<![a-z])(?:{_CODES})(?![a-z]))\s{{0,2}}(?P<n>{_NUMBER})(?!\d)"
        )
    return _PATTERNS[""]


def _after(language: Language) -> re.Pattern[str]:
    if language.code not in _PATTERNS:
        words = language.alternation(language.meanings["currency"]) or "(?!)"
        minors = language.alternation([*language.words("minors"), *language.words("tenths")]) or "(?!)"
        edge = "" if language.han else r"(?![^\W_])"
        joiner = rf"(?:{language.alternation(language.words('amount_joiners')) or '(?!)'}\s)?"
        tail = rf"(?:{_tail(language)}(?![\d.,:/º]|\s{{0,2}}{_any_unit(language)}))?"
        _PATTERNS[language.code] = re.compile(
            rf"(?P<n>{_NUMBER})\s{{0,3}}(?P<unit>{_SIGN}|{words}{language.suffix}{edge}|(?:{_CODES})(?![a-z]))"
            rf"(?:[\s,]{{0,3}}{joiner}(?P<n2>\d{{1,2}})\s{{0,2}}(?P<minor>{minors}){language.suffix}{edge}"
            rf"(?:(?P<n3>\d{{1,2}})\s{{0,2}}(?P<minor3>{minors}))?|{tail})"
        )
    return _PATTERNS[language.code]


def _tail(language: Language) -> str:
    """What is left of an amount after its unit: 三块五, "zwölf Euro fünfzig"."""
    if language.han:
        return r"(?P<tail>\d{1,2})"
    return r"\s(?P<tail>\d\d)" if language.data.get("amount_tails") else r"(?P<tail>(?!))"


def _any_unit(language: Language) -> str:
    return (
        language.alternation(
            [*language.meanings["anyunit"], *language.words("people", "nouns"), *language.words("things")]
        )
        or "(?!)"
    )


def _minor(language: Language) -> re.Pattern[str] | None:
    key = f"{language.code} minor"
    if key not in _PATTERNS:
        minors = language.alternation([*language.words("minors"), *language.words("tenths")])
        edge = _not_a_minute(language) if language.han else r"(?![^\W_])"
        _PATTERNS[key] = re.compile(
            rf"(?P<n>{_NUMBER})\s{{0,2}}(?P<minor>{minors}){language.suffix}{edge}" if minors else "(?!)"
        )
    return _PATTERNS[key]


def _not_a_minute(language: Language) -> str:
    """No more of a longer unit behind a coin: 一分 is a hundredth, 一分钟 a minute."""
    pairs = [(coin, unit) for coin in language.words("minors") for unit in language.meanings["anyunit"]]
    longer = {unit.removeprefix(coin) for coin, unit in pairs if unit.startswith(coin) and unit != coin}
    return f"(?!{'|'.join(sorted(map(re.escape, longer)))})" if longer else ""


def _factor(language: Language, word: str) -> JsonValue:
    tenth = language.meanings["tenth"].get(word)
    return tenth if tenth is not None else 0.01


def _signed(match: re.Match[str], view: View, currency: str | None) -> Entity | None:
    sign = match["sign"]
    if sign[-1] in SIGNS:
        options = SIGNS[sign[-1]]
        named = {"us": "USD", "ca": "CAD", "au": "AUD"}.get(sign[:-1])
        code = named or (currency if currency in options else options[0])
    else:
        code = {"rmb": "CNY"}.get(sign, sign.upper())
    return _money(view, match, float(match["n"]), code, 1.0)


def _worded(match: re.Match[str], view: View, language: Language, currency: str | None) -> Entity:
    unit = match["unit"]
    code = _code(unit, language, currency)
    amount = float(match["n"])
    if match["n2"]:
        amount += float(match["n2"]) * float(str(_factor(language, match["minor"])))
        amount += float(match["n3"]) * float(str(_factor(language, match["minor3"]))) if match["n3"] else 0
    elif match["tail"]:
        tail = match["tail"]
        amount += float(tail) / 10 ** len(tail)
    found = _money(view, match, amount, code, 1.0)
    low = low_before(view.text, match.start(), language, joined="money_alternatives")
    if low is None or low[0] >= amount:
        return found
    return replace(
        found, start=view.starts[low[1]], values=({"amount": whole(low[0]), "currency": code}, *found.values)
    )


def _code(unit: str, language: Language, currency: str | None) -> str:
    if unit in SIGNS:
        return currency if currency in SIGNS[unit] else SIGNS[unit][0]
    words = language.meanings["currency"]
    squeezed = " ".join(unit.split())
    word = (
        squeezed
        if squeezed in words
        else next((each for each in sorted(words, key=len, reverse=True) if squeezed.startswith(each)), squeezed)
    )
    code = str(words.get(word, squeezed.upper()))
    shared = _SHARED_WORDS.get(code, ())
    generic = len(word) > 3
    return currency if generic and currency in shared else code


def _money(view: View, match: re.Match[str], amount: float, code: str, score: float) -> Entity:
    start, end = view.span(match.start(), match.end())
    return Entity(
        kind="money", start=start, end=end, values=({"amount": whole(amount), "currency": code},), score=score
    )


# --- percent ------------------------------------------------------------------------------------------------------


def find_percents(view: View, language: Language) -> list[Entity]:
    """Numbers with something around them: five percent is 5, two kilos and a half 2.5."""
    found = []
    for rule in language.rules["percent"]:
        for match in rule.regex.finditer(view.text):
            start, end = view.span(match.start(), match.end())
            found.append(Entity(kind="percent", start=start, end=end, values=(whole(float(match["n"])),)))
    for rule in language.rules["halved"]:
        for match in rule.regex.finditer(view.text):
            start, end = view.span(match.start(), match.end())
            found.append(Entity(kind="percent", start=start, end=end, values=(whole(float(match["n"]) + 0.5),)))
    return longest(found)


# --- durations ----------------------------------------------------------------------------------------------------


def find_durations(view: View, language: Language) -> list[Entity]:
    """Spans of time as ISO 8601 durations."""
    return longest(entity for rule in language.rules["durations"] for entity in _durations(rule, view, language))


def _durations(rule: Rule, view: View, language: Language) -> Iterator[Entity]:
    for match in rule.regex.finditer(view.text):
        groups = match.groupdict()
        count = float(groups["n"]) if groups.get("n") else (rule.number("n") or 1.0)
        times = rule.number("n_times")
        count = count * times if times else count
        count += 0.5 if rule.meaning.get("half") else 0.0
        unit = str(language.means("anyunit", groups["anyunit"]) if groups.get("anyunit") else rule.meaning.get("unit"))
        parts = [(count, unit)]
        if groups.get("n2") and groups.get("anyunit2"):
            parts.append((float(groups["n2"]), str(language.means("anyunit", groups["anyunit2"]))))
        start, end = view.span(match.start(), match.end())
        yield Entity(kind="duration", start=start, end=end, values=(iso_duration(parts),), score=rule.score)


def iso_duration(parts: list[tuple[float, str]]) -> str:
    """Counts of units as one ISO 8601 duration; half a unit becomes the smaller one."""
    totals: dict[str, float] = {}
    for count, unit in parts:
        _put(totals, count, unit)
    days = "".join(f"{_plain(totals[u])}{u[0].upper()}" for u in ("year", "month", "week", "day") if totals.get(u))
    clock = "".join(f"{_plain(totals[u])}{u[0].upper()}" for u in ("hour", "minute") if totals.get(u))
    if not days and not clock:
        return "PT0S"
    return f"P{days}" + (f"T{clock}" if clock else "")


_SMALLER = {
    "year": (12, "month"),
    "month": (30, "day"),
    "week": (7, "day"),
    "day": (24, "hour"),
    "hour": (60, "minute"),
}


def _put(totals: dict[str, float], count: float, unit: str) -> None:
    if unit == "fortnight":
        count, unit = count * 2, "week"
    part = count - int(count)
    if part and unit in _SMALLER:
        times, smaller = _SMALLER[unit]
        if unit == "week":
            totals["day"] = totals.get("day", 0) + round(count * times)
            return
        _put(totals, round(part * times), smaller)
        count = int(count)
    totals[unit] = totals.get(unit, 0) + count


def _plain(number: float) -> str:
    return str(whole(round(number, 2)))
