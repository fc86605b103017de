"""The parent's side of reading files: one child process, watched, replaced when a file was too much for it."""

import json
import os
import selectors
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from ingest.documents import Content, FaqRow, UnreadableFileError
from ingest.limits import MAX_FILE_BYTES, WALL_SECONDS

_PIECE = 1 << 16
_ROOT = Path(__file__).resolve().parent.parent


class FileReader:
    """Reads files in a child process with limits on memory, processor and wall-clock time."""

    def __init__(self, *, seconds: float = WALL_SECONDS) -> None:
        self._seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def read(self, name: str, data: bytes) -> Content:
        """The content of one file; raises UnreadableFileError, after which the next file can be read."""
        if len(data) > MAX_FILE_BYTES:
            raise UnreadableFileError(f"the file has {len(data)} bytes; at most {MAX_FILE_BYTES} are read")
        child = self._running()
        line = self._ask(child, name, data)
        if line is None:
            raise UnreadableFileError(self._obituary(child))
        answer = json.loads(line)
        if "why" in answer:
            raise UnreadableFileError(answer["why"])
        content = answer["content"]
        return Content(
            title=content["title"],
            text=content["text"],
            faq=tuple(FaqRow(**row) for row in content["faq"]),
            rows=tuple(content["rows"]),
        )

    def _ask(self, child: "subprocess.Popen[bytes]", name: str, data: bytes) -> bytes | None:
        """One line of answer; None where the child died or took too long, in which case it is dead now."""
        header = json.dumps({"name": name, "size": len(data)}).encode() + b"\n"
        until = time.monotonic() + self._seconds
        try:
            _send(child.stdin, header + data, until)
            return _receive(child.stdout, until)
        except (BrokenPipeError, TimeoutError, EOFError):
            return None

    def _obituary(self, child: "subprocess.Popen[bytes]") -> str:
        slow = child.poll() is None and not _ended(child)
        self._stop()
        if slow:
            return f"the file took more than {self._seconds:g} s to read"
        return "the file needs too much time or memory to read"

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._child is None or self._child.poll() is not None:
            self._stop()
            path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
            self._child = subprocess.Popen(
                [sys.executable, "-m", "ingest.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )
        return self._child

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()


def _ended(child: "subprocess.Popen[bytes]") -> bool:
    try:
        child.wait(timeout=0.5)
    except subprocess.TimeoutExpired:
        return False
    return True


def _send(pipe: IO[bytes] | None, data: bytes, until: float) -> None:
    if pipe is None:
        raise EOFError
    os.set_blocking(pipe.fileno(), False)
    view = memoryview(data)
    with selectors.DefaultSelector() as ready:
        ready.register(pipe, selectors.EVENT_WRITE)
        while view:
            if not ready.select(max(0.0, until - time.monotonic())):
                raise TimeoutError
            view = view[os.write(pipe.fileno(), view[:_PIECE]) :]


def _receive(pipe: IO[bytes] | None, until: float) -> bytes:
    if pipe is None:
        raise EOFError
    pieces: list[bytes] = []
    with selectors.DefaultSelector() as ready:
        ready.register(pipe, selectors.EVENT_READ)
        while not (pieces and pieces[-1].endswith(b"\n")):
            if not ready.select(max(0.0, until - time.monotonic())):
                raise TimeoutError
            piece = os.read(pipe.fileno(), _PIECE)
            if not piece:
                raise EOFError
            pieces.append(piece)
    return b"".join(pieces)
