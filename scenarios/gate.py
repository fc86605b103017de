"""The gate of a running service: a project's scenarios are played in a process of their own."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import uuid4

import structlog
from pydantic import TypeAdapter

from config.errors import Problem, ProjectError
from config.settings import Settings
from graph.releases import GateBrokenError, Trial

log = structlog.get_logger(__name__)

SECONDS: Final = 900.0
"""What all scenarios of a project may take together."""

_ROOT: Final = Path(__file__).resolve().parent.parent
_TRIAL: Final = TypeAdapter(Trial)
_PROBLEMS: Final = TypeAdapter(list[Problem])


class ChildGate:
    """Plays a folder's scenarios with these settings' model and embeddings, apart from the service's data."""

    def __init__(self, settings: Settings, *, seconds: float = SECONDS) -> None:
        self._settings = settings
        self._seconds = seconds

    async def __call__(self, folder: Path) -> Trial:
        """See graph.releases.Gate."""
        request = json.dumps({"folder": str(await asyncio.to_thread(folder.resolve))}).encode()
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "scenarios.alone", stdin=PIPE, stdout=PIPE, stderr=PIPE, env=self._environment()
        )
        try:
            async with asyncio.timeout(self._seconds):
                written, told = await child.communicate(request)
        except TimeoutError:
            raise GateBrokenError(f"the scenarios took more than {self._seconds:g} s") from None
        finally:
            await _ended(child)
        return _read(written, told, child.returncode)

    def _environment(self) -> Mapping[str, str]:
        """The process's own, with what its settings were given in another way."""
        key = self._settings.openai_api_key
        given = {
            "SWITCHBOARD_DATA": str(self._settings.data.resolve()),
            "SWITCHBOARD_EMBEDDINGS": self._settings.embeddings,
            "SWITCHBOARD_MODEL": self._settings.model or "",
            "OPENAI_BASE_URL": self._settings.openai_base_url or "",
            "OPENAI_API_KEY": key.get_secret_value() if key else "",
        }
        path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        return {**os.environ, **given, "PYTHONPATH": path, "LANGGRAPH_STRICT_MSGPACK": "true"}


async def _ended(child: Process) -> None:
    """Leave no process behind, whatever ended the waiting."""
    if child.returncode is None:
        child.kill()
        await child.wait()


def _read(written: bytes, told: bytes, status: int | None) -> Trial:
    try:
        answer = json.loads(written)
        if "problems" in answer:
            raise ProjectError(_PROBLEMS.validate_python(answer["problems"]))
        return _TRIAL.validate_python(answer["trial"])
    except (ValueError, KeyError, TypeError) as error:
        error_id, cause = uuid4().hex, told.decode("utf-8", "replace")[-2000:]
        log.warning("scenarios not played", error_id=error_id, status=status, answer=written[-500:], cause=cause)
        raise GateBrokenError(
            f"the scenarios could not be played; the log says why under error_id {error_id}"
        ) from error
