"""A session shows what was done for it, as the ledger wrote it down."""

from tests.dialogue.talking import bank
from tests.graph.conftest import MEANINGS
from tests.graph.fakes import Room, Script
from tools.findings import Finding
from tools.ledger import Entry


async def test_a_session_shows_its_own_actions_and_not_their_content(tmp_path):
    async with Room(bank(), Script(MEANINGS), tmp_path).open() as room:
        await room.says("balance")
        project = room.versions.version.project
        for session, key in (("s", "key-1"), ("another", "key-2")):
            entry = Entry(
                key=key,
                tenant=project.tenant,
                project=project.name,
                session_id=session,
                flow_id="1-1",
                action="send_money",
                arguments_hash="h",
            )
            await room.ledger.claim(entry, lease_seconds=5, again=())
            await room.ledger.dispatch(key)
        told = Finding(state="succeeded", http_status=201, result={"iban": "TR33"}, reference="T-7")
        await room.ledger.finish("key-1", told)
        seen = await room.turns.session(project.tenant, project.name, "s")

    assert seen is not None
    assert isinstance(seen["actions"], list)
    [action] = seen["actions"]
    assert isinstance(action, dict)
    assert (action["name"], action["status"], action["reference"]) == ("send_money", "succeeded", "T-7")
    assert (action["attempts"], action["key"], action["flow_id"]) == (1, "key-1", "1-1")
    assert str(action["claimed_at"]) <= str(action["dispatched_at"])
    assert "TR33" not in str(seen)
