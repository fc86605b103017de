"""Names of people: after the words that announce them, or where a name was asked for."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from understanding.grammar.folding import fold_word
from understanding.grammar.language import Language
from understanding.grammar.reading import Reading
from understanding.grammar.yaml_data import dig
from understanding.slot_identifiers import Text
from understanding.slot_text import EDGE, strip_leads, trimmed

_TOKEN = re.compile(r"[^\W\d_][^\W\d_'’.-]*(?:['’.-][^\W\d_]+)*\.?")
_SPACE = re.compile(r"[ \t]{1,3}")
_MOST_TOKENS = 4
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class _Cues:
    before: re.Pattern[str] | None
    weak: frozenset[str]
    pair: frozenset[str]
    """Words after which only two capitalised words are a name: "for Anna Smith"."""
    after: re.Pattern[str] | None
    capital: bool = False
    """Whether only capitalised words are a name behind any of them."""


def find_names(reading: Reading, *, role: str | None, requested: bool, called: tuple[str, ...] = ()) -> list[Text]:
    """Whole names after the words that announce them, or what the slot is `called`; asked for, also a bare name."""
    found = list(_announced(reading, role)) or list(
        _after(reading, _called(reading.language, called), most=_MOST_TOKENS)
    )
    if requested and not found:
        found = list(_capitalised(reading)) or list(_bare(reading))
    return found


def find_name_parts(reading: Reading, *, requested: Mapping[str, bool]) -> dict[str, Text]:
    """First and last name apart: by their own words, else the halves of a whole name."""
    found: dict[str, Text] = {}
    for part in ("first", "last"):
        for text in _after(reading, _cues(reading.language, f"own_{part}"), most=2):
            found.setdefault(part, text)
    if found:
        return found
    wholes = find_names(reading, role=None, requested=any(requested.values()))
    if not wholes:
        return {}
    return _halves(reading, wholes[0], requested)


def _halves(reading: Reading, whole: Text, requested: Mapping[str, bool]) -> dict[str, Text]:
    tokens = [(m.start() + whole.start, m.end() + whole.start) for m in _TOKEN.finditer(whole.value)]
    if not tokens:
        return {}
    if reading.language.han:
        size = 2 if whole.value[:2] in reading.language.words("names", "compound_surnames") else 1
        cut = whole.start + size
        return {"last": _piece(reading, whole.start, cut, whole), "first": _piece(reading, cut, whole.end, whole)}
    if len(tokens) == 1:
        part = "last" if requested.get("last") and not requested.get("first") else "first"
        return {part: whole}
    return {
        "first": _piece(reading, tokens[0][0], tokens[-2][1], whole),
        "last": _piece(reading, tokens[-1][0], tokens[-1][1], whole),
    }


def _piece(reading: Reading, start: int, end: int, whole: Text) -> Text:
    return Text(reading.original[start:end], start, end, whole.score)


@lru_cache(maxsize=256)
def _cues(language: Language, kind: str) -> _Cues:
    own = kind.startswith("own")
    before = language.words("names", kind if own else f"{kind}before")
    after = () if own else language.words("names", f"{kind}after")
    return _Cues(
        before=_before(language, before),
        weak=frozenset(fold_word(word) for word in language.words("names", "weak_before")),
        pair=frozenset() if kind else frozenset(fold_word(word) for word in language.words("names", "pair_before")),
        after=_following(language, after),
    )


@lru_cache(maxsize=1024)
def _called(language: Language, words: tuple[str, ...]) -> _Cues:
    """A slot's own words with "is": "the driver is Anna Smith"; 收件人李四 and 收件人改成李四 too."""
    own, copulas = language.alternation(words), language.alternation(language.words("copulas"))
    none = frozenset[str]()
    if not own or not copulas:
        return _Cues(None, none, none, None)
    if language.han:
        leads = language.alternation([*language.words("copulas"), *language.words("leads")])
        return _Cues(re.compile(rf"({own})\s{{0,2}}{leads}?[\s:,=]{{0,3}}"), none, none, None)
    pattern = rf"(?<![^\W_])({own}\s{{0,2}}{copulas})(?:(?![^\W_])|(?<=[:=]))\s{{0,3}}"
    return _Cues(re.compile(pattern), none, none, None, capital=True)


def _before(language: Language, words: Sequence[str]) -> re.Pattern[str] | None:
    source = language.alternation(words)
    if not source:
        return None
    edge = "" if language.han else r"(?<![^\W_])"
    return re.compile(
        rf"{edge}({source})(?![^\W_])?[\s:,=]{{0,3}}"
        if language.han
        else rf"{edge}({source})(?:\s{{0,2}}[:=,-]|(?![^\W_]))\s{{0,3}}"
    )


def _following(language: Language, words: Sequence[str]) -> re.Pattern[str] | None:
    source = language.alternation(words)
    return re.compile(rf"\s{{0,2}}(?:{source})(?![^\W_])") if source else None


def _announced(reading: Reading, role: str | None) -> Iterator[Text]:
    cues = _cues(reading.language, "to_" if role == "to" else "")
    yield from _after(reading, cues, most=_MOST_TOKENS)
    if cues.after is not None:
        yield from _preceding(reading, cues.after)


def _after(reading: Reading, cues: _Cues, *, most: int) -> Iterator[Text]:
    if cues.before is None:
        return
    folded = reading.folded
    unless = reading.language.phrases("names", "not_before")
    phoned = {each.end() for each in unless.finditer(folded.text)} if unless else set()
    for match in cues.before.finditer(folded.text):
        if match.end() >= len(folded.text) or match.end(1) in phoned:
            continue
        start = folded.starts[match.end()]
        weak = cues.capital or match[1] in cues.weak or match[1] in cues.pair or len(match[1]) <= 4
        found = _han_name(reading, start) if reading.language.han else _latin_name(reading, start, weak=weak, most=most)
        if found and (match[1] not in cues.pair or " " in found[0]):
            yield Text(found[0], found[1], found[2], 0.75 if weak else 0.9)


def _nouns_capital(reading: Reading) -> bool:
    """Whether the language writes every noun with a capital, so that one alone is no sign of a name."""
    return bool(reading.language.data.get("nouns_capital"))


def _stops(language: Language) -> frozenset[str]:
    return _stop_words(language)


@lru_cache(maxsize=32)
def _stop_words(language: Language) -> frozenset[str]:
    return frozenset(fold_word(word) for word in (*language.words("names", "stop"), *language.markers))


def _latin_name(reading: Reading, start: int, *, weak: bool, most: int) -> tuple[str, int, int] | None:
    """Capitalised words from `start` on; after words that only a name follows, small ones too."""
    text, stops = reading.original, _stops(reading.language)
    end, count, position = start, 0, start
    while count < most:
        token = _TOKEN.match(text, position)
        if token is None or fold_word(token[0].rstrip(".")) in stops:
            break
        word = token[0]
        capital = word[0].isupper() or not word[0].islower()
        if not capital and (weak or (count and text[start].isupper()) or count >= 2):
            break
        end, count = token.end(), count + 1
        gap = _SPACE.match(text, end)
        if gap is None or (word.endswith(".") and len(word) > 3):
            break
        position = gap.end()
    end = len(text[:end].rstrip("."))
    value, cut = _without_suffix(reading, text[start:end])
    return (value, start, end - cut) if count and value else None


def _without_suffix(reading: Reading, value: str) -> tuple[str, int]:
    """Drop what a language appends to a name: "Yılmaz'a", "Smith's"."""
    cut = re.search(r"['’]([^\W\d_]{1,4})$", value)
    if cut and reading.language.suffix and re.fullmatch(reading.language.suffix, f"'{fold_word(cut[1])}"):
        return value[: cut.start()], len(value) - cut.start()
    return value, 0


def _han_name(reading: Reading, start: int) -> tuple[str, int, int] | None:
    text, language = reading.original, reading.language
    rest = re.match(r"[\u3400-\u9fff·]{1,12}", text[start : start + 12])
    if rest is None:
        return _latin_name(reading, start, weak=True, most=3)
    compound = rest[0][:2] in language.words("names", "compound_surnames")
    if not compound and rest[0][0] not in str(dig(language.data, "names", "surnames")):
        return None
    first = 2 if compound else 1
    given = rest[0][first : first + 2]
    stops = language.words("names", "stop")
    cut = next((i for i in range(first, len(rest[0])) if rest[0].startswith(stops, i)), len(rest[0]))
    given = rest[0][first : min(cut, first + 2)]
    if not given or (cut > first + 2 and len(rest[0]) > 4):
        return None
    return rest[0][:first] + given, start, start + first + len(given)


def _preceding(reading: Reading, after: re.Pattern[str]) -> Iterator[Text]:
    """Names before the words that follow one: "Zeynep Kaya adına", "Ayşe Yılmaz'a"."""
    text, stops = reading.original, _stops(reading.language)
    run: list[re.Match[str]] = []
    position = 0
    folded = reading.folded
    while token := _NAME_WORD.search(text, position):
        position = token.end()
        stands = token[0][0].isupper() and fold_word(token[0]) not in stops
        adjacent = bool(run) and _SPACE.fullmatch(text, run[-1].end(), token.start()) is not None
        run = [*run, token] if stands and adjacent else [token] if stands else []
        index = folded.index(token.end())
        if run and after.match(folded.text, index):
            run = run[-_MOST_TOKENS:]
            yield Text(text[run[0].start() : token.end()], run[0].start(), token.end(), 0.85)
            run = []


_NAME_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def _capitalised(reading: Reading) -> Iterator[Text]:
    """In an answer with small words the capitalised ones: "the driver will be Anna Smith", "司机是王伟"."""
    text, stops = reading.original, _stops(reading.language)
    if reading.language.han:
        for match in re.finditer(r"[是叫为:：]\s{0,2}(?=[\u3400-\u9fff])", text):
            found = _han_name(reading, match.end())
            if found:
                yield Text(found[0], found[1], found[2], 0.8)
                return
        return
    runs, small = _runs(text, stops)
    runs = [run for run in runs if len(run) > 1 or (run[0].start() > 0 and not _nouns_capital(reading))]
    if small and len(runs) == 1 and len(runs[0]) <= _MOST_TOKENS:
        start, end = runs[0][0].start(), runs[0][-1].end()
        yield Text(text[start:end], start, end, 0.75)


def _runs(text: str, stops: frozenset[str]) -> tuple[list[list[re.Match[str]]], int]:
    """The capitalised words that stand together, and how many others there are."""
    runs: list[list[re.Match[str]]] = []
    small = 0
    for token in _NAME_WORD.finditer(text):
        if not token[0][0].isupper() or fold_word(token[0]) in stops:
            small += 1
        elif runs and _SPACE.fullmatch(text, runs[-1][-1].end(), token.start()):
            runs[-1].append(token)
        else:
            runs.append([token])
    return runs, small


def find_place(reading: Reading) -> list[Text]:
    """The answer to "where?": the capitalised words of a sentence, else the message without "in" and "to"."""
    text = reading.original
    runs, small = _runs(text, _stops(reading.language))
    runs = [run for run in runs if len(run[0][0]) > 1 and (run[0].start() > 0 or len(run) > 1)]
    if _nouns_capital(reading):
        runs = [run for run in runs if _led(reading, run[0].start())]
    if small and runs and not reading.language.han:
        start, end = runs[0][0].start(), runs[0][-1].end()
        if len(runs) > 1 and text[end : runs[1][0].start()] == ", ":
            end = runs[1][-1].end()
        return [Text(text[start:end], start, end, 0.75)]
    start, end = strip_leads(reading, 0, len(text))
    leads = reading.language.phrases("place_leads")
    match = leads.match(reading.folded.text, reading.folded.index(start)) if leads and start < end else None
    if match and match.end() < reading.folded.index(end):
        start, end = trimmed(text, reading.folded.ends[match.end() - 1], end)
    return [Text(text[start:end], start, end, 0.7)] if start < end else []


def _led(reading: Reading, position: int) -> bool:
    """Whether "in" or "to" stands right before, in a language that writes every noun with a capital."""
    leads = reading.language.phrases("place_leads")
    before = reading.folded.text[: reading.folded.index(position)].rstrip()
    return leads is not None and any(match.end() == len(before) for match in leads.finditer(before))


def _bare(reading: Reading) -> Iterator[Text]:
    start, end = strip_leads(reading, 0, len(reading.original))
    value = reading.original[start:end]
    if not value or len(value) > _LONGEST_NAME:
        return
    if reading.language.han and re.search(r"[\u3400-\u9fff]", value):
        if re.fullmatch(r"[\u3400-\u9fff·]{2,6}", value) and not _is_phrase(reading):
            yield Text(value, start, end, 0.8)
        return
    tokens = value.split()
    if not 1 <= len(tokens) <= _MOST_TOKENS + 1 or _is_phrase(reading):
        return
    stops = _stops(reading.language)
    if all(_TOKEN.fullmatch(token) and fold_word(token) not in stops for token in tokens):
        bare, cut = _without_suffix(reading, value)
        yield Text(bare, start, end - cut, 0.8)


def _is_phrase(reading: Reading) -> bool:
    """Whether the message is a yes, a no or an "I don't know"."""
    message = reading.folded.text.strip(EDGE)
    patterns = (reading.language.phrases(key) for key in ("yes", "no", "unknown", "indifferent"))
    matches = (pattern.search(message) for pattern in patterns if pattern)
    return any(match and len(match[0].strip()) >= len(message) - 2 for match in matches)
