"""Several processes of the service on one machine, behind one socket: started, watched, replaced, stopped.

The parent serves nothing. It holds the listening socket, so that connections wait while a worker is replaced, and hears
each worker every second. A worker that ends unasked is started again; one that is silent for long is killed first. On
SIGHUP every worker is replaced by a fresh one, one after the other, and leaves only when its turns are done.
"""

import contextlib
import multiprocessing
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Final, Protocol

import structlog

from config.errors import ConfigError

STOP_SECONDS: Final = 50.0
"""What a worker may take to let its connections and its turns end."""
SILENT_SECONDS: Final = 60.0
"""A worker that says nothing for so long hangs."""
_LOOK_SECONDS: Final = 0.2
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_STEADY_SECONDS: Final = 60.0
"""After so long a worker is taken to be well: the next one that ends is started again at once."""

log = structlog.get_logger("switchboard.workers")


@dataclass(frozen=True)
class Word:
    """What a worker tells its parent."""

    ready: bool = False
    """Its projects are learnt."""
    failure: str | None = None
    """It could not begin, and why."""


class Work(Protocol):
    """A worker's life, in a process of its own; picklable."""

    def __call__(self, listening: socket.socket, parent: Connection, *, first: bool, later: bool) -> None:
        """Serve what comes to the socket until a signal or the parent's end, saying a word every second.

        `first` may read documents for all; one that comes `later` serves nothing before it is ready.
        """


@dataclass
class Worker:
    """A worker as its parent sees it."""

    process: SpawnProcess
    words: Connection
    begun: float
    heard: float
    ready: bool = False
    failure: str | None = None

    def listen(self) -> None:
        """Take in what it said."""
        with contextlib.suppress(EOFError, OSError):
            while self.words.poll():
                word: Word = self.words.recv()
                self.heard = time.monotonic()
                if word.ready and not self.ready:
                    self.ready = True
                    log.info("worker ready", pid=self.process.pid)
                self.failure = word.failure or self.failure


class Workers:
    """Keeps `count` workers running until it is told to stop."""

    def __init__(self, work: Work, listening: socket.socket, count: int) -> None:
        self._work = work
        self._listening = listening
        self._count = count
        self._running: list[Worker] = []
        self._stopping = False
        self._rolling = False
        self._pause = _FIRST_PAUSE

    def run(self, started: Callable[[], None]) -> None:
        """Until SIGTERM or SIGINT; raises ConfigError where the first worker cannot begin."""
        with self._signals():
            try:
                for number in range(self._count):
                    # One after the other: what the first has learnt the others need only read.
                    while not self._until_ready(self._add(first=number == 0)) and not self._stopping:
                        self._forget(self._running[-1])
                if not self._stopping:
                    started()
                while not self._stopping:
                    self._look()
                    time.sleep(_LOOK_SECONDS)
            finally:
                self._stop(self._running)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is the system's
            self._stopping = True

        def roll(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is the system's
            self._rolling = True

        wanted = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGHUP: roll}
        before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _add(self, *, first: bool = False, later: bool = False) -> Worker:
        ours, theirs = multiprocessing.Pipe(duplex=False)
        # Spawned, not forked: the embeddings and the database's threads do not outlive a fork.
        process = multiprocessing.get_context("spawn").Process(
            target=self._work, args=(self._listening, theirs), kwargs={"first": first, "later": later}, name="worker"
        )
        process.start()
        theirs.close()
        now = time.monotonic()
        worker = Worker(process=process, words=ours, begun=now, heard=now)
        self._running.append(worker)
        return worker

    def _until_ready(self, worker: Worker) -> bool:
        """Wait until it is ready; False where it was killed instead. Raises ConfigError where it cannot begin."""
        while not self._stopping:
            worker.listen()
            if worker.failure is not None:
                raise ConfigError(worker.failure)
            if worker.ready:
                return True
            if not worker.process.is_alive():
                log.error("worker ended", pid=worker.process.pid, status=worker.process.exitcode)
                if (worker.process.exitcode or 0) < 0:
                    return False
                raise ConfigError(f"a worker ended with status {worker.process.exitcode} before it was ready")
            time.sleep(_LOOK_SECONDS)
        return False

    def _look(self) -> None:
        """One round: who ended is replaced, who hangs is killed, who is to be renewed is renewed."""
        now = time.monotonic()
        for worker in list(self._running):
            worker.listen()
            if worker.process.is_alive() and now - worker.heard > SILENT_SECONDS:
                log.error("worker hangs, killed", pid=worker.process.pid)
                worker.process.kill()
                worker.process.join()
            if not worker.process.is_alive():
                self._replace(worker)
        if self._rolling:
            self._rolling = False
            self._roll()

    def _replace(self, dead: Worker) -> None:
        log.error("worker ended", pid=dead.process.pid, status=dead.process.exitcode, failure=dead.failure)
        self._forget(dead)
        steady = time.monotonic() - dead.begun > _STEADY_SECONDS
        self._pause = _FIRST_PAUSE if steady else min(self._pause * 2, _LONGEST_PAUSE)
        until = time.monotonic() + (0.0 if dead.ready else self._pause)
        while not self._stopping and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
        if not self._stopping:
            self._add(later=True)

    def _roll(self) -> None:
        log.info("workers are renewed", count=len(self._running))
        for old in list(self._running):
            fresh = self._add(later=True)
            try:
                if not self._until_ready(fresh):
                    if not self._stopping:
                        self._forget(fresh)
                    return
            except ConfigError as error:
                # What runs goes on as it is.
                log.error("worker not renewed", cause=str(error))  # noqa: TRY400 - the cause says it all
                self._stop([fresh])
                return
            self._stop([old])
        log.info("workers renewed")

    def _stop(self, workers: list[Worker]) -> None:
        """Let them end what they are at."""
        for worker in workers:
            if worker.process.is_alive():
                worker.process.terminate()
        until = time.monotonic() + STOP_SECONDS
        for worker in list(workers):
            worker.process.join(max(0.0, until - time.monotonic()))
            if worker.process.is_alive():
                log.error("worker does not end, killed", pid=worker.process.pid)
                worker.process.kill()
                worker.process.join()
            self._forget(worker)

    def _forget(self, worker: Worker) -> None:
        self._running.remove(worker)
        worker.words.close()
        worker.process.close()
