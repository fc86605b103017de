"""How often the demo projects ask a model: their scenarios in hybrid mode, with one that reads over real HTTP.

python -m tests.service.model_calls [--only WORDS]

The scenarios are played twice: by the embedded engine alone, then with a scripted model behind it that reads as the
embedded engine did, so that every conversation goes on as its author wrote it. Counted is what the service itself says
of each turn, and what arrived at the model.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.loading import load_version
from config.settings import Settings
from config.versions import Version
from scenarios.model import load_scenarios, scenario_files
from scenarios.report import lines
from scenarios.runner import Played, PlayedTurn, play, play_all
from scenarios.service import play_service, scenario_settings
from tests.acceptance.scripted import ScriptedReader
from tests.openai_server import Seen, Step, says, serving_openai
from tests.service.warmth import PROJECTS
from understanding.hybrid import is_sure, is_trivial

SHOWN = (0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""Values of `sure` whose share of calls is told too."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The turns of one project in which a message was read, and the calls for reading them."""

    turns: int
    asked: int
    most: int
    """Calls for reading in the one turn that had most of them."""

    @property
    def share(self) -> float:
        """Of the turns, those that asked a model."""
        return self.asked / self.turns if self.turns else 0.0


def readings_of(turn: PlayedTurn) -> list[dict[str, Any]]:
    """What the engines read in a turn; nothing where no message was read."""
    metadata: Any = turn.answer.get("metadata")
    found: list[dict[str, Any]] = metadata["diagnostics"]["readings"] if metadata else []
    return found


def would_ask(turn: PlayedTurn, sure: float) -> bool:
    """Whether a model would have been asked about a turn that the embedded engine read alone."""
    return any(
        not is_trivial(one["commands"]) and not is_sure(one["commands"], one["certainty"], sure)
        for one in readings_of(turn)
    )


def tally(played: Sequence[Played]) -> Tally:
    """Of conversations played with a model."""
    turns = [turn for one in played for turn in one.turns if readings_of(turn)]
    calls = [sum(reading["engine"] == "llm" for reading in readings_of(turn)) for turn in turns]
    return Tally(turns=len(turns), asked=sum(map(bool, calls)), most=max(calls, default=0))


class Readers:
    """The one model of all projects; it follows the conversation that is being played."""

    def __init__(self, versions: Sequence[Version]) -> None:
        self._readers = {version.project.name: ScriptedReader(version.project) for version in versions}
        self._now: ScriptedReader | None = None
        self._turns: Sequence[PlayedTurn] = ()
        self.read = 0
        """Requests to read a message."""

    def expect(self, played: Played) -> None:
        """The next conversation goes as this one did."""
        self._now, self._turns = self._readers[played.project], played.turns
        self._now.expect(played)

    def respond(self, seen: Seen) -> Step:
        """Tool calls for a message that is to be read; of an answer or a result the words it had without a model."""
        if not seen.tools or self._now is None:
            asked = str(seen.body["messages"][-1]["content"])
            return says(next((_words(turn) for turn in reversed(self._turns) if turn.user in asked), ""))
        self.read += 1
        return self._now.respond(seen)


def _words(turn: PlayedTurn) -> str:
    """A turn's first line, with the number of its passage where it had one."""
    said = turn.reply.splitlines() or [""]
    cited: Any = turn.answer.get("citations")
    if not cited:
        return said[0]
    return f"{next((line for line in said if line.strip(' .') in cited[0]['text']), said[0])} [1]"


async def play_twice(versions: Sequence[Version], only: str) -> tuple[list[Played], list[Played], int]:
    """The conversations without a model and with one, and how many requests to read arrived at it."""
    jobs = [
        (version, path.name, scenario)
        for version in versions
        for path in scenario_files(version.folder)
        for scenario in load_scenarios(path)
        if only in scenario.name
    ]
    plain: Mapping[str, object] = {"model": None, "openai_api_key": None, "openai_base_url": None}
    vectors = Path(tempfile.gettempdir()) / "switchboard-model-calls-vectors.db"
    with tempfile.TemporaryDirectory(prefix="switchboard-model-calls-") as folder:
        settings = scenario_settings(Settings.model_validate(plain), Path(folder) / "embedded")
        async with play_service(versions, settings, vectors=vectors) as service:
            alone = await play_all(service, jobs)
        readers = Readers(versions)
        with serving_openai(respond=readers.respond) as server:
            named = {"model": "m", "openai_api_key": "sk-model-1234", "openai_base_url": server.url}
            settings = scenario_settings(Settings.model_validate({**plain, **named}), Path(folder) / "hybrid")
            async with play_service(versions, settings, vectors=vectors) as service:
                asking: list[Played] = []
                for job, before in zip(jobs, alone, strict=True):
                    readers.expect(before)
                    asking.append(await play(service, *job))
    return alone, asking, readers.read


def main() -> int:
    """Play, tell what went wrong, count."""
    arguments = argparse.ArgumentParser(prog="python -m tests.service.model_calls")
    arguments.add_argument("--only", default="", help="scenarios whose name contains this")
    given = arguments.parse_args()
    versions = [load_version(folder) for folder in sorted(PROJECTS.iterdir()) if (folder / "project.yaml").exists()]
    alone, asking, read = asyncio.run(play_twice(versions, given.only))
    for one in (one for one in asking if not one.passed):
        sys.stdout.write("\n".join(lines(one)) + "\n\n")
    sys.stdout.write("project   scenarios  right  turns read  ask the model  share  most calls in a turn\n")
    for name in (*(version.project.name for version in versions), "all"):
        chosen = [one for one in asking if name in (one.project, "all")]
        found, right = tally(chosen), sum(one.passed for one in chosen)
        sys.stdout.write(
            f"{name:<8}{len(chosen):>11}{right:>7}{found.turns:>12}{found.asked:>15}{found.share:>7.1%}{found.most:>12}\n"
        )
    turns = [turn for one in alone for turn in one.turns if readings_of(turn)]
    shares = {sure: sum(would_ask(turn, sure) for turn in turns) / len(turns) for sure in SHOWN if turns}
    sys.stdout.write("asked at sure " + ", ".join(f"{sure:g}: {share:.1%}" for sure, share in shares.items()) + "\n")
    broken = sum(not one.passed for one in alone)
    sys.stdout.write(f"{read} requests to read a message arrived at the model; without one {broken} scenarios fail\n")
    return 0 if tally(asking).most <= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
