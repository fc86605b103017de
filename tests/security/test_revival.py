"""A checkpoint that somebody wrote into the database runs nothing here, and a service where it would does not start."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import ormsgpack
import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from config.settings import Settings
from graph.revival import UnsafeRevivalError, payloads, prove_plain
from graph.sessions import config_of
from graph.storage import open_storage
from graph.threads import thread_id
from tests.dialogue.talking import bank
from tests.graph.conftest import MEANINGS
from tests.graph.fakes import Room, Script


@pytest.mark.parametrize(
    "loose",
    [
        {"allowed_msgpack_modules": True},
        {"allowed_msgpack_modules": None, "pickle_fallback": True},
        {"allowed_msgpack_modules": None, "allowed_json_modules": True},
    ],
    ids=" ".join,
)
def test_the_proof_finds_a_serializer_that_would_run_code(loose):
    with pytest.raises(UnsafeRevivalError, match="could act in this process"):
        prove_plain(JsonPlusSerializer(**loose))


def test_the_proof_passes_on_a_strict_one_and_tries_every_kind_of_payload():
    prove_plain(JsonPlusSerializer(allowed_msgpack_modules=None))

    assert {kind for kind, _ in payloads()} == {"msgpack", "json", "pickle"}
    assert len(list(payloads())) > 50


@pytest.mark.parametrize("setting", [None, "false", "0"])
def test_the_service_s_checkpoints_are_strict_whatever_the_environment_says(tmp_path, setting):
    code = (
        "import asyncio, graph.checkpoints as g\n"
        "from pathlib import Path\n"
        "from graph.turn_log import SCHEMA\n"
        "from tools.sqlite_file import SqliteFile\n"
        "async def go():\n"
        f"    database = SqliteFile(Path({str(tmp_path / 'c.db')!r}), SCHEMA)\n"
        "    async with g.open_sqlite_saver(database) as saver:\n"
        "        print(type(saver.serde).__name__)\n"
        "    await database.aclose()\n"
        "asyncio.run(go())\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "LANGGRAPH_STRICT_MSGPACK"}
    environment |= {} if setting is None else {"LANGGRAPH_STRICT_MSGPACK": setting}
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, text=True, check=False
    )

    assert (ran.returncode, ran.stdout.strip()) == (0, "JsonPlusSerializer"), ran.stderr[-2000:]


async def test_a_payload_planted_in_the_database_is_read_as_data(tmp_path):
    async with Room(bank(), Script(MEANINGS), tmp_path).open() as room:
        await room.says("send 500")
    touched = tmp_path / "touched"
    call = ormsgpack.packb(["os", "system", f"touch {touched}"])
    with sqlite3.connect(tmp_path / "switchboard.db") as database:
        row = database.execute("SELECT rowid, type, checkpoint FROM checkpoints").fetchall()[-1]
        found = JsonPlusSerializer(allowed_msgpack_modules=None).loads_typed((row[1], row[2]))
        found["channel_values"]["variables"] = {"planted": "PLANTED"}
        planted = ormsgpack.packb(found, default=str, option=ormsgpack.OPT_NON_STR_KEYS)
        word = ormsgpack.packb("PLANTED")
        planted = planted.replace(word, ormsgpack.packb(ormsgpack.Ext(0, call)))
        database.execute("UPDATE checkpoints SET checkpoint = ? WHERE rowid = ?", (planted, row[0]))

    async with open_storage(Settings(_env_file=None, data=tmp_path)) as storage, storage.saver() as saver:
        stored = await saver.aget(config_of(thread_id("default", "bank", "s")))

    assert stored is not None
    assert stored["channel_values"]["variables"] == {"planted": f"touch {touched}"}
    assert not touched.exists()
