"""One tenant's ids in any place of another's requests lead nowhere, nor does any key that is not the right one."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from graph.threads import thread_id
from serving.app import create_app
from serving.auth import Role, key_hash, load_keys
from tests.service.house import House, open_house, serve
from tests.service.warmth import Warmth
from tests.tenancy.probing import Described, Probe, described, probes, usual, walked

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1200)]

CANARY = "zanzibar-4711"
"""Stands in everything the other tenant has."""
SESSION = "globex-session-1"
MESSAGE = "globex-message-1"
OWN = {
    "project": "wires",
    "session_id": "acme-session",
    "document_id": "acme.md",
    "message": "hello there",
    "query": "what does a transfer cost",
    "text": "A person writes.",
    "agent": "Ann",
    "version": "draft-0",
    "model": "wires",
    "role": "user",
    "content": "hello there",
    "user": "acme-session",
    "sender": "acme-session",
}
INTENTS = {
    "send_money": {
        "title": "Sending money",
        "description": "Send money to an IBAN",
        "examples": {"en": ["send money", "I want to send [500 lira](amount)", "make a transfer"]},
        "slots": {
            "amount": {"type": "money", "currency": "TRY", "ask": "How much?"},
            "iban": {"type": "id", "pattern": "TR[0-9]{24}", "sensitive": True, "ask": "To which IBAN?"},
        },
        "action": "send_money",
    },
    "greet": {"description": "Say hello", "examples": {"en": ["hello there", "good day"]}, "reply": "Hello."},
}
"""Few, for they are learnt four times."""
OPEN = {
    ("GET", "/livez"),
    ("GET", "/readyz"),
    ("GET", "/"),
    ("GET", "/openapi.json"),
    ("GET", "/web"),
    ("GET", "/widget.js"),
}
SIGNED = {("POST", "/channels/chatwoot")}
TURNS = ("/chat", "/agent/", "/begin", "/silence", "/webhooks/")
AT_ONCE = 6
LADDER: tuple[Role, ...] = ("chat", "desk", "admin")


@dataclass(frozen=True)
class World:
    """Two tenants on one service, each with two projects, one of which has the same name."""

    http: httpx.AsyncClient
    keys: Path
    routes: list[Described]
    foreign: list[str]

    async def send(self, probe: Probe, key: str | None = "acme-admin") -> httpx.Response:
        """The request, with a key."""
        headers = {**probe.headers, **({"Authorization": f"Bearer {key}".strip()} if key is not None else {})}
        more: dict[str, Any] = {"json": probe.body} if probe.body is not None else {}
        if probe.body is not None and self._takes_form(probe):
            body = {name: value for name, value in probe.body.items() if name != "file"}
            more = {"data": body, "files": {"file": ("note.md", b"# Note\nNothing of interest.")}}
        return await self.http.request(probe.method, probe.path, params=dict(probe.query), headers=headers, **more)

    async def send_all(self, several: Iterable[Probe]) -> AsyncIterator[tuple[Probe, httpx.Response]]:
        """A few requests at a time: alone, each waits longer than it works."""
        for some in batched(several, AT_ONCE):
            for probe, answer in zip(some, await asyncio.gather(*map(self.send, some)), strict=True):
                yield probe, answer

    def _takes_form(self, probe: Probe) -> bool:
        return any(route.form for route in self.routes if (route.method, route.path) == (probe.method, probe.route))

    async def other(self) -> dict[str, Any]:
        """All that the other tenant has, as it sees it."""
        found = {}
        for path in (
            "/sessions",
            f"/sessions/{SESSION}?project=vault",
            f"/sessions/{SESSION}/messages?project=vault",
            "/sessions/acme-session/messages?project=wires",
            "/knowledge/documents?project=vault",
            "/knowledge/documents?project=wires",
            "/projects",
        ):
            answer = await self.http.get(path, headers={"Authorization": "Bearer globex-admin"})
            assert answer.status_code == 200, (path, answer.text)
            found[path] = answer.json()
        return found


def batched(several: Iterable[Probe], size: int) -> Iterator[list[Probe]]:
    """Lists of at most `size`, in their order."""
    rest = iter(several)
    while some := list(islice(rest, size)):
        yield some


def key_file(folder: Path, *, without: str = "") -> Path:
    """All keys of both tenants."""
    entries = [
        {"hash": key_hash(f"{tenant}-{role}"), "tenant": tenant, "role": role}
        for tenant in ("acme", "globex")
        for role in (*LADDER, "revoked")
        if role != "revoked"
    ]
    entries.append({"hash": key_hash("acme-revoked"), "tenant": "acme", "role": "admin"})
    file = folder / "keys.json"
    file.write_text(json.dumps([entry for entry in entries if entry["hash"] != key_hash(without)]))
    return file


async def furnish(http: httpx.AsyncClient) -> None:
    """Give both tenants sessions and documents; the other's are marked."""
    for tenant, project, session, said, document in (
        ("globex", "vault", SESSION, f"my secret is {CANARY}", f"# {CANARY}\nThe {CANARY} costs 5."),
        ("globex", "wires", "acme-session", f"my other secret is {CANARY}", f"# {CANARY}\nAnother {CANARY}."),
        ("acme", "wires", "acme-session", "send 500 lira", "# Ours\nOur own note."),
        ("acme", "depot", "acme-session-2", "hello", "# Ours\nOur own depot."),
    ):
        headers = {"Authorization": f"Bearer {tenant}-admin"}
        turn = {"message": said, "session_id": session, "project": project, "message_id": f"{tenant}-message-1"}
        assert (await http.post("/chat", json=turn, headers=headers)).status_code == 200
        file = {"file": (f"{tenant}.md", document.encode())}
        uploaded = await http.post("/knowledge/documents", data={"project": project}, files=file, headers=headers)
        assert uploaded.status_code == 201, uploaded.text


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("tenants")
    changes = [
        {"tenant": tenant, "name": name, "intents": INTENTS, "locales": ["en"], "persona": "You help."}
        for tenant, name in (("acme", "wires"), ("acme", "depot"), ("globex", "vault"), ("globex", "wires"))
    ]
    warmth = Warmth(tmp_path_factory.getbasetemp() / "warmth")
    async with open_house(folder, warmth, changes=changes) as house:
        keys = load_keys(str(key_file(folder)))
        async with (
            serve(house.services, keys=keys) as url,
            httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http,
        ):
            await furnish(http)
            yield World(http, folder / "keys.json", app_routes(), await foreign_ids(house, http))


def app_routes() -> list[Described]:
    return described(create_app(lambda: None))  # type: ignore[arg-type, return-value]


async def foreign_ids(house: House, http: httpx.AsyncClient) -> list[str]:
    """Every kind of id that the other tenant's things have."""
    headers = {"Authorization": "Bearer globex-admin"}
    documents = (await http.get("/knowledge/documents?project=vault", headers=headers)).json()["documents"]
    version = house.services.versions.current("globex", "vault").name
    document = next(str(each["id"]) for each in documents if each["name"] == "globex.md")
    return [
        SESSION,
        "vault",
        "globex",
        thread_id("globex", "vault", SESSION),
        document,
        MESSAGE,
        version,
        f"globex/vault/{SESSION}",
        f"../globex/vault/{SESSION}",
    ]


def leaks(probe: Probe, answer: httpx.Response) -> list[str]:
    """What of the other tenant's stands in an answer; a session of our own may well have a name like theirs."""
    everything = answer.text + json.dumps(dict(answer.headers))
    return [mark for mark in (CANARY, '"tenant":"globex"') if mark in everything and mark not in probe.text]


def is_turn(route: Described) -> bool:
    return any(part in route.path for part in TURNS)


def fewer(route: Described, foreign: list[str]) -> list[str]:
    """The ids that a route is tried with: fewer where a request costs a turn, or a process that reads a document."""
    costly = route.form or route.path.endswith(("/publish", "/rollback"))
    return foreign[:1] if costly or is_turn(route) else foreign[:6]


async def test_every_route_is_probed(world: World) -> None:
    hidden = walked(create_app(lambda: None)) - {(r.method, r.path) for r in world.routes}  # type: ignore[arg-type, return-value]

    # What OpenAPI does not tell of: the page and its files, and the description itself.
    assert hidden <= OPEN


async def test_no_foreign_id_in_any_place_of_any_route_reads_or_changes_anything(world: World) -> None:
    before = await world.other()
    sent, leaked, broken = 0, [], []
    for route in world.routes:
        async for probe, answer in world.send_all(probes(route, OWN, fewer(route, world.foreign))):
            sent += 1
            if found := leaks(probe, answer):
                leaked.append((str(probe), found, answer.text[:300]))
            if answer.status_code >= 500:
                broken.append((str(probe), answer.text[:300]))

    assert leaked == []
    assert broken == []
    assert await world.other() == before
    assert sent > 500, sent


def wrong_keys(role: Role | None) -> Mapping[str, str | None]:
    """Keys that do not open a route of `role`."""
    below = {} if role is None else {f"lower: {each}": f"acme-{each}" for each in LADDER[: LADDER.index(role)]}
    return {
        "missing": None,
        "wrong": "acme-admin2",
        "empty": "",
        "the hash": key_hash("acme-admin"),
        "almost": "acme-admi",
        "revoked": "acme-revoked",
        "long": "k" * 5000,
        **below,
    }


def in_header(key: str | None) -> Mapping[str, str]:
    return {} if key is None else {"X-API-Key": key}


async def role_of(world: World, probe: Probe) -> Role | None:
    """The lowest role that a route lets in; None where it needs none."""
    if (await world.send(probe, None)).status_code not in (401, 403):
        return None
    statuses: dict[Role, int] = {role: (await world.send(probe, f"acme-{role}")).status_code for role in LADDER}
    return next(role for role in LADDER if statuses[role] not in (401, 403))


async def test_no_route_takes_a_key_that_is_not_right(world: World) -> None:
    key_file(world.keys.parent, without="acme-revoked")
    took, tried = [], 0
    for route in world.routes:
        if (route.method, route.path) in OPEN | SIGNED:
            continue
        probe = usual(route, {**OWN, "session_id": "scratch", "document_id": "scratch.md"})
        role = await role_of(world, probe)
        keys = wrong_keys(role)
        answers = await asyncio.gather(
            *(world.send(probe, key) for key in keys.values()),
            *(world.send(Probe(**{**vars(probe), "headers": in_header(key)}), None) for key in keys.values()),
        )
        for name, answer in zip([*keys, *keys], answers, strict=True):
            tried += 1
            expected = 403 if name.startswith("lower") else 401
            if answer.status_code != expected or answer.json()["kind"] != "unauthorized":
                took.append((str(probe), name, answer.status_code))

    assert took == []
    assert tried > 300, tried


async def test_another_tenant_s_key_finds_nothing_of_ours_on_any_route(world: World) -> None:
    leaked = []
    for route in world.routes:
        if is_turn(route):
            continue
        for project in ("depot", "vault"):
            probe = usual(route, {**OWN, "project": project, "session_id": SESSION})
            query = {} if "{project}" in route.path else {"project": project}
            answer = await world.send(Probe(**{**vars(probe), "query": query}), "acme-admin")
            if CANARY in answer.text:
                leaked.append((str(probe), answer.text[:200]))

    assert leaked == []
