"""The turn log of an older release serves on."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dialogue.history import fingerprint
from graph.threads import thread_id
from tests.dialogue.talking import bank
from tests.graph.conftest import MEANINGS
from tests.graph.fakes import Room, Script

BEFORE_VERSIONS = """
CREATE TABLE sessions (
    thread_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, project TEXT NOT NULL, session_id TEXT NOT NULL,
    version TEXT NOT NULL, channel TEXT NOT NULL, locale TEXT NOT NULL, owner TEXT NOT NULL, turns INTEGER NOT NULL,
    tokens INTEGER NOT NULL, created_at TEXT NOT NULL, last_active TEXT NOT NULL
);
CREATE TABLE turns (
    thread_id TEXT NOT NULL, message_id TEXT NOT NULL, fingerprint TEXT NOT NULL,
    outcome TEXT NOT NULL, answer TEXT NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY (thread_id, message_id)
);
"""


def write_old_log(path: Path) -> None:
    """A log whose turns have no `message`, with one turn in it."""
    mark = fingerprint({"role": "user", "content": "balance"})
    answer = json.dumps({"reply": "as it was said", "outcome": "asked"})
    row = (thread_id("default", "bank", "s"), "m1", mark, "asked", answer, "2026-01-01T00:00:00+00:00")
    with closing(sqlite3.connect(path)) as old, old:
        old.executescript(BEFORE_VERSIONS)
        old.execute("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?)", row)


@pytest.mark.sqlite
async def test_a_log_from_before_there_were_versions_keeps_its_turns_and_takes_new_ones(tmp_path: Path) -> None:
    write_old_log(tmp_path / "switchboard.db")
    async with Room(bank(), Script(MEANINGS), tmp_path).open() as room:
        again = await room.says("balance", message_id="m1")
        await room.says("12345678", message_id="m2")
        kept = await room.turns.turns("default", "bank", "s")

    assert again["reply"] == "as it was said"
    assert [(turn.message_id, turn.message) for turn in kept] == [("m1", ""), ("m2", "12345678")]
