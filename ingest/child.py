"""The child process that reads files, under hard limits, so that a hostile file costs only itself.

Spoken on standard input and output: a JSON line with name and size, then that many bytes; one JSON line back.
"""

import json
import os
import resource
import signal
import sys
from dataclasses import asdict
from typing import BinaryIO

from ingest.documents import UnreadableFileError
from ingest.limits import CPU_SECONDS, MEMORY_BYTES
from ingest.loaders import load


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Read files until the parent hangs up."""
    while line := requests.readline():
        request = json.loads(line)
        data = requests.read(request["size"])
        _allow_more_time()
        answers.write(json.dumps(_answer(request["name"], data)).encode() + b"\n")
        answers.flush()


def _answer(name: str, data: bytes) -> dict[str, object]:
    try:
        return {"content": asdict(load(name, data))}
    except UnreadableFileError as error:
        return {"why": str(error)}
    except MemoryError:
        return {"why": "the file needs too much memory to read"}
    except RecursionError:
        return {"why": "the file is nested too deeply"}


def _allow_more_time() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))


def main() -> None:
    """Limit this process, keep what parsers print out of the answers, and serve."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
