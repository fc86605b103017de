"""What somebody with a key changed stands in the log: who, what and where, without the words."""

from collections.abc import MutableMapping

import pytest

from graph.threads import thread_id
from serving.auth import Key, key_hash
from tests.serving.conftest import Service, StartService

pytestmark = pytest.mark.asyncio(loop_scope="module")

SESSION = "tel:+905321234567"
Lines = list[MutableMapping[str, object]]


async def change_everything(service: Service) -> None:
    """What a fake service can be made to change, once each, and once what is not there."""
    http = service.http
    await http.post("/chat", json={"message": "merhaba", "session_id": SESSION})
    await http.post(f"/sessions/{SESSION}/desk/messages", json={"text": "Ben Zeynep", "agent": "Zeynep"})
    await http.post(f"/sessions/{SESSION}/desk/release")
    await http.post(f"/sessions/{SESSION}/fork", json={"after": "m1"})
    added = await http.post("/knowledge/documents", files={"file": ("fees.md", b"# Fees\n\nMuz costs 5.")})
    await http.delete(f"/knowledge/documents/{added.json()['id']}")
    await http.delete("/knowledge/documents/none")
    await http.delete(f"/sessions/{SESSION}")
    await http.delete(f"/sessions/{SESSION}")


async def test_each_change_is_one_line_with_the_key_s_name_and_no_word(start: StartService, logged: Lines) -> None:
    service = await start(keys=[Key(hash=key_hash("secret"), tenant="demo", role="admin", name="night shift")])
    service.http.headers["X-API-Key"] = "secret"
    await change_everything(service)
    lines = [line for line in logged if line["event"] == "changed"]
    acts = ["said as a person", "gave back to the bot", "forked", "uploaded", "removed", "erased"]

    assert [line["act"] for line in lines] == acts
    assert {(line["key"], line["role"], line["tenant"], line["project"]) for line in lines} == {
        ("night shift", "admin", "demo", "bank")
    }
    assert lines[0]["thread"] == lines[-1]["thread"] == thread_id("demo", "bank", SESSION)
    assert lines[3]["document"] == lines[4]["document"]
    assert not any(word in str(lines) for word in ("merhaba", "Zeynep", "Muz", "secret", SESSION))
