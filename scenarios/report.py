"""What a run of scenarios came to: lines for people, JUnit XML for machines."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement

from scenarios.runner import Played

_CONTROL = dict.fromkeys((*range(9), 11, 12, *range(14, 32)))
"""Characters that XML 1.0 cannot carry."""


def lines(played: Played) -> Iterator[str]:
    """One line for a scenario that passed; the conversation up to the difference for one that failed."""
    mark = "ok  " if played.passed else "FAIL"
    yield f"{mark} {played.project}/{played.file}: {played.name} ({played.seconds:.1f} s)"
    if played.passed:
        return
    for turn in played.turns:
        yield f"       user  {turn.user}"
        yield f"       bot   {turn.reply!r} [{turn.outcome}]"
        for difference in turn.differences:
            yield f"     ! {difference}"


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
