"""What each backend was found to support, in a small file: a restarted service need not be refused all over again."""

import hashlib
import json
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from models.wire import Mode, Wire

KEPT: Final = timedelta(days=7)
"""Then a backend is asked anew for all it may have learnt."""
_MOST: Final = 200
_log = structlog.get_logger(__name__)


class Found(BaseModel):
    """What is known of one model at one address."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    mode: Mode
    lacks: list[str] = []
    """Fields of the wire that were refused."""
    proven: list[Mode] = []
    """Modes in which it has decided."""
    found: Annotated[AwareDatetime, Field(description="When it was found out.")]

    @property
    def wire(self) -> Wire:
        """The shape of its requests."""
        known = {name for name in self.lacks if name in Wire.__dataclass_fields__ and name != "mode"}
        return Wire().without(*known, mode=self.mode)


_FILE: Final = TypeAdapter(dict[str, Found])


class WireMemory:
    """Keeps what was found about backends; without a file only as long as the process runs. Thread-safe, blocking."""

    def __init__(self, file: Path | None = None, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._file = file
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, Found] | None = None

    def recall(self, url: str, model: str) -> Found | None:
        """What was found about a model at an address, unless that is too long ago."""
        with self._lock:
            found = self._all().get(_key(url, model))
        return found if found is not None and self._clock() - found.found < KEPT else None

    def keep(self, url: str, model: str, wire: Wire, proven: set[Mode]) -> None:
        """Write down what was found; a file that cannot be written costs only the memory."""
        with self._lock:
            known, key, now = self._all(), _key(url, model), self._clock()
            before = known.pop(key, None)
            if before is not None and now - before.found < KEPT:
                wire, proven, now = wire.met(before.wire), proven | set(before.proven), before.found
            lacks = [name for name in Wire.__dataclass_fields__ if getattr(wire, name) is False]
            known[key] = Found(model=model, mode=wire.mode, lacks=lacks, proven=sorted(proven), found=now)
            while len(known) > _MOST:
                known.pop(next(iter(known)))
            self._write(known)

    def _all(self) -> dict[str, Found]:
        if self._known is None:
            self._known = self._read()
        return self._known

    def _read(self) -> dict[str, Found]:
        if self._file is None:
            return {}
        try:
            return _FILE.validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValidationError) as error:
            _log.warning("model_memory_unreadable", file=self._file.name, error=type(error).__name__)
            return {}

    def _write(self, known: dict[str, Found]) -> None:
        if self._file is None:
            return
        fresh = self._file.with_suffix(f".{os.getpid()}.new")
        try:
            text = json.dumps(_FILE.dump_python(known, mode="json"), ensure_ascii=False, indent=1)
            fresh.write_text(f"{text}\n", encoding="utf-8")
            fresh.replace(self._file)
        except OSError as error:
            _log.warning("model_memory_unwritable", file=self._file.name, error=type(error).__name__)


def _key(url: str, model: str) -> str:
    """Names a model at an address; an address may hold a password, so only its hash is kept."""
    return hashlib.sha256(f"{url.rstrip('/')}\0{model}".encode()).hexdigest()[:16]
