"""Regular expressions of a project: whether they compile, and whether some text could make them run for ever."""

import re
from collections.abc import Iterator
from re import _constants as codes  # type: ignore[attr-defined] # the standard library's own parser, untyped
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Final, NamedTuple, Protocol, cast

MAX_LENGTH: Final = 1_000
_REPEATS: Final = (codes.MAX_REPEAT, codes.MIN_REPEAT)
_MANY: Final = 8


class _Sized(Protocol):
    def getwidth(self) -> tuple[int, int]: ...


class _Group(NamedTuple):
    code: object
    argument: object


def pattern_fault(pattern: str) -> str | None:
    """What is wrong with a pattern; None where nothing is."""
    if len(pattern) > MAX_LENGTH:
        return f"the pattern is longer than {MAX_LENGTH} characters"
    try:
        re.compile(pattern)
        tree = parser.parse(pattern)
    except re.error as error:
        where = f" at position {error.pos}" if error.pos is not None else ""
        return f"not a regular expression: {error.msg}{where}"
    except (RecursionError, OverflowError) as error:
        return f"not a regular expression: {error}"
    if _explodes(tree):
        return "catastrophic: a repetition inside a repetition can match one text in very many ways"
    return None


def _items(tree: object) -> Iterator[_Group]:
    for code, argument in cast("list[tuple[object, object]]", list(cast("Iterator[tuple[object, object]]", tree))):
        yield _Group(code, argument)


def _parts(item: _Group) -> Iterator[object]:
    """The patterns inside one element."""
    if item.code in _REPEATS or item.code is codes.POSSESSIVE_REPEAT:
        yield cast("tuple[int, int, object]", item.argument)[2]
    elif item.code is codes.SUBPATTERN:
        yield cast("tuple[object, ...]", item.argument)[-1]
    elif item.code is codes.BRANCH:
        yield from cast("tuple[object, list[object]]", item.argument)[1]
    elif item.code in (codes.ASSERT, codes.ASSERT_NOT):
        yield cast("tuple[int, object]", item.argument)[1]
    elif item.code is codes.ATOMIC_GROUP:
        yield item.argument
    elif item.code is codes.GROUPREF_EXISTS:
        yield from (part for part in cast("tuple[object, ...]", item.argument)[1:] if part is not None)


def _explodes(tree: object) -> bool:
    for item in _items(tree):
        if item.code in _REPEATS:
            low, high, inner = cast("tuple[int, int, object]", item.argument)
            if high > _MANY and (_empty(inner) or _overlapping(inner) or (high != low and _flexible(inner))):
                return True
        if any(_explodes(part) for part in _parts(item)):
            return True
    return _neighbours(tree)


def _empty(tree: object) -> bool:
    """Whether what is repeated can match nothing at all."""
    return cast("_Sized", tree).getwidth()[0] == 0


def _flexible(tree: object) -> bool:
    """Whether what is repeated can itself end in several places, with nothing that marks its end or beginning."""
    items = list(_items(tree))
    if len(items) == 1 and items[0].code is codes.SUBPATTERN:
        return _flexible(next(_parts(items[0])))
    if len(items) == 1 and items[0].code is codes.BRANCH:
        return any(_flexible(part) for part in _parts(items[0]))
    repeated = [item for item in items if item.code in _REPEATS and _grows(item)]
    if not repeated:
        return any(
            _flexible(part) for item in items if item.code in (codes.SUBPATTERN, codes.BRANCH) for part in _parts(item)
        )
    marks = [item for item in items if item.code is codes.LITERAL]
    own = set().union(*(_letters(item) for item in repeated))
    separated = any(not ({cast("int", mark.argument)} & own) for mark in marks) and None not in own
    return not separated


def _grows(item: _Group) -> bool:
    low, high, _ = cast("tuple[int, int, object]", item.argument)
    return high > low and high > 1


def _overlapping(tree: object) -> bool:
    """Whether a repeated choice has two members that begin alike, as `(a|ab)*` or `(.|a)*` do."""
    for item in _items(tree):
        if item.code is codes.SUBPATTERN:
            if _overlapping(next(_parts(item))):
                return True
        elif item.code is codes.BRANCH:
            starts = [_first(part) for part in _parts(item)]
            if any(_meet(one, other) for at, one in enumerate(starts) for other in starts[at + 1 :]):
                return True
    return False


def _meet(one: set[int | None], other: set[int | None]) -> bool:
    return bool(one & other) or (None in one and bool(other)) or (None in other and bool(one))


def _first(tree: object) -> set[int | None]:
    first = next(_items(tree), None)
    return {None} if first is None else _letters(first)


def _letters(item: _Group) -> set[int | None]:
    """The characters one element may begin with; None stands for "anything"."""
    if item.code is codes.LITERAL:
        return {cast("int", item.argument)}
    if item.code is codes.IN:
        return _class(cast("list[tuple[object, object]]", item.argument))
    if item.code in _REPEATS or item.code is codes.SUBPATTERN:
        return _first(next(_parts(item)))
    if item.code is codes.BRANCH:
        return set().union(*(_first(part) for part in _parts(item)))
    return {None}


_CLASSES: Final = {
    codes.CATEGORY_DIGIT: "0123456789",
    codes.CATEGORY_SPACE: " \t\n\r\f\v",
}


def _class(members: list[tuple[object, object]]) -> set[int | None]:
    letters: set[int | None] = set()
    for code, argument in members:
        if code is codes.LITERAL:
            letters.add(cast("int", argument))
        elif code is codes.RANGE:
            low, high = cast("tuple[int, int]", argument)
            letters |= set(range(low, min(high, low + 512) + 1))
        elif code is codes.CATEGORY and argument in _CLASSES:
            letters |= {ord(character) for character in _CLASSES[argument]}
        else:
            return {None}
    return letters


def _neighbours(tree: object) -> bool:
    """Whether three or more endless repetitions of the same characters follow each other: `.*.*.*`."""
    run: list[set[int | None]] = []
    for item in _items(tree):
        endless = item.code in _REPEATS and cast("tuple[int, int, object]", item.argument)[1] is codes.MAXREPEAT
        letters = _letters(item)
        if not endless or (run and not _meet(run[-1], letters)):
            run = []
        if endless:
            run.append(letters)
        if len(run) > 2:
            return True
    return False
