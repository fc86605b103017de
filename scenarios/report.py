"""What a run of scenarios came to: lines for people, JUnit XML for machines."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement

from scenarios.runner import Played, PlayedTurn

_ALL = "scenarios"
"""The row of the table that counts them all."""

_CONTROL = dict.fromkeys((*range(9), 11, 12, *range(14, 32)))
"""Characters that XML 1.0 cannot carry."""


def lines(played: Played, *, whole: bool = False) -> Iterator[str]:
    """One line for a scenario that passed, for one that failed and with `whole` also its conversation."""
    mark = "ok  " if played.passed else "FAIL"
    yield f"{mark} {played.project}/{played.file}: {played.name} ({played.seconds:.1f} s)"
    if played.passed and not whole:
        return
    for turn in played.turns:
        yield f"       user  {turn.user}"
        yield from _reply(turn)
        for difference in turn.differences:
            yield f"     ! {difference}"


def _reply(turn: PlayedTurn) -> Iterator[str]:
    """What the bot said, line by line, and what the turn came to."""
    said = turn.reply.splitlines() or [""]
    said[-1] = f"{said[-1]} [{turn.outcome}]".lstrip()
    yield f"       bot   {said[0]}"
    yield from (f"             {line}" for line in said[1:])


def counts(results: Sequence[Played]) -> str:
    """How many scenarios went right, of all, by tag and language."""
    right, of_all = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for played in results:
        for tag in (*dict.fromkeys(played.tags), _ALL):
            of_all[tag, played.locale] += 1
            right[tag, played.locale] += played.passed
    languages = sorted({locale for _, locale in of_all})
    tags = [*sorted({tag for tag, _ in of_all} - {_ALL}), *([_ALL] if of_all else [])]
    width = max(map(len, tags), default=0)
    rows = [(tag, [f"{right[tag, at]}/{of_all[tag, at]}" for at in languages]) for tag in tags]
    return "\n".join(
        f"{tag:{width}}" + "".join(f"{cell:>9}" for cell in cells) for tag, cells in [("", languages), *rows]
    )


def write_junit(results: Sequence[Played], target: Path) -> None:
    """The results as one JUnit test suite."""
    failures = sum(not played.passed for played in results)
    seconds = sum(played.seconds for played in results)
    suite = Element(
        "testsuite",
        name="switchboard",
        tests=str(len(results)),
        failures=str(failures),
        errors="0",
        time=f"{seconds:.3f}",
    )
    for played in results:
        case = SubElement(
            suite,
            "testcase",
            classname=_clean(f"{played.project}.{Path(played.file).stem}"),
            name=_clean(played.name),
            time=f"{played.seconds:.3f}",
        )
        if not played.passed:
            found = [difference for turn in played.turns for difference in turn.differences]
            failure = SubElement(case, "failure", message=_clean(found[0]))
            failure.text = _clean("\n".join(lines(played)))
    target.parent.mkdir(parents=True, exist_ok=True)
    ElementTree(suite).write(target, encoding="utf-8", xml_declaration=True)


def _clean(text: str) -> str:
    return text.translate(_CONTROL)
