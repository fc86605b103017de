"""Plays the acceptance suite and prints how many conversations show each pattern, in each language.

python -m tests.acceptance [--engine embedded|model] [--only WORDS] [--transcripts FILE]
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from scenarios.report import lines
from scenarios.runner import Played
from tests.acceptance.suite import Case, cases, play_embedded, play_scripted, table


def main() -> int:
    """Play, tell what went wrong, count."""
    arguments = argparse.ArgumentParser(prog="python -m tests.acceptance")
    arguments.add_argument("--engine", choices=["embedded", "model"], default="embedded")
    arguments.add_argument("--only", help="scenarios whose file or name contains this")
    arguments.add_argument("--transcripts", type=Path, help="write every conversation into this file")
    given = arguments.parse_args()
    chosen = [case for case in cases() if given.only is None or given.only in case.key]
    begun = time.perf_counter()
    played = asyncio.run(_played(chosen, given.engine))
    failed = [one for one in played.values() if not one.passed]
    for one in failed:
        sys.stdout.write("\n".join(lines(one)) + "\n\n")
    if given.transcripts:
        given.transcripts.write_text("\n".join(map(_transcript, played.values())), encoding="utf-8")
    sys.stdout.write(f"{table(chosen, played)}\n{len(failed)} failed, {time.perf_counter() - begun:.0f} s\n")
    return 1 if failed else 0


async def _played(chosen: list[Case], engine: str) -> dict[str, Played]:
    vectors = Path(tempfile.gettempdir()) / "switchboard-acceptance-vectors.db"
    with tempfile.TemporaryDirectory(prefix="switchboard-acceptance-") as folder:
        base = Path(folder)
        read = dict(await play_embedded(base / "embedded", vectors, chosen))
        return read if engine == "embedded" else dict(await play_scripted(base / "model", vectors, chosen, read))


def _transcript(played: Played) -> str:
    said = [f"- **customer** {turn.user}\n- **bot** {' / '.join(turn.reply.splitlines())}" for turn in played.turns]
    return "\n".join([f"## {played.name} ({played.file})", *said, ""])


sys.exit(main())
