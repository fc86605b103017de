"""A worker process that acts turn by turn and may be killed between any two steps."""

import asyncio
import json
import os
import signal
from pathlib import Path

from tests.tools_actions.conftest import make_call, make_version
from tests.tools_actions.places import FilePlace, PostgresPlace
from tools.actions import HttpActions
from tools.http import open_line


class DeadlyLedger:
    """The ledger, in a process that dies right after one of its steps."""

    def __init__(self, ledger, dies_after):
        self._ledger = ledger
        self._dies_after = dies_after

    def __getattr__(self, step):
        inner = getattr(self._ledger, step)

        async def run(*given, **named):
            if self._dies_after == f"before {step}":
                os.kill(os.getpid(), signal.SIGKILL)
            result = await inner(*given, **named)
            if self._dies_after == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return run


async def act(folder, url, turns, *, idempotency, dies_after=None, database=None):
    """Do the turns that have no line in the file `done` yet; a line is what the customer was told."""
    done = folder / "done"
    told = {json.loads(line)["turn"] for line in done.read_text().splitlines()} if done.exists() else set()
    action = {"url": f"{url}/act", "method": "POST", "effect": "write", "json": {"turn": "{{ slots.turn }}"}}
    version = make_version(folder, actions={"send": {**action, "idempotency": idempotency, "timeout": 5}})
    place = PostgresPlace(database) if database else FilePlace(folder)
    async with place.ledger() as ledger, open_line() as line:
        actions = HttpActions(line, DeadlyLedger(ledger, dies_after) if dies_after else ledger)
        for turn in range(turns):
            if turn in told:
                continue
            receipt = await actions.call(version, make_call(flow_id=f"{turn}-1", turn=turn))
            with done.open("a") as file:
                file.write(json.dumps({"turn": turn, "status": receipt["status"], "key": receipt["key"]}) + "\n")
                file.flush()
                os.fsync(file.fileno())


def work(folder, url, turns, idempotency, **more):
    """The process's main function."""
    asyncio.run(act(Path(folder), url, turns, idempotency=idempotency, **more))
