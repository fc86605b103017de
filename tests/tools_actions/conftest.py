import asyncio

import httpcore2
import pytest

from config.catalog import Catalog
from config.project import Project
from config.versions import Version
from dialogue.scene import plan_hash
from dialogue.state import Plan
from tests.tools_actions.places import FilePlace, PostgresPlace
from tools.actions import HttpActions
from tools.http import open_line
from tools.ports import ActionCall


def make_version(folder, **parts):
    project = Project.model_validate({"name": "bank", "tenant": "acme", "locales": ["en"], **parts})
    return Version(name="v1", project=project, folder=folder, catalog=Catalog({}, {}), prompts={})


def make_call(action="send", *, flow_id="1-1", session_id="s1", tenant="acme", seconds=20.0, **arguments):
    plan = Plan(action=action, arguments=arguments, hash=plan_hash(action, arguments), confirmed=True)
    return ActionCall(
        plan=plan,
        tenant=tenant,
        session_id=session_id,
        flow_id=flow_id,
        locale="en",
        channel="web",
        variables={},
        deadline=asyncio.get_running_loop().time() + seconds,
    )


@pytest.fixture(scope="session")
def tls():
    """One for all tests: making one reads every authority."""
    return httpcore2.default_ssl_context()


@pytest.fixture
async def line(tls):
    async with open_line(tls=tls) as opened:
        yield opened


@pytest.fixture
def kind(request):
    """`sqlite`; where a module is parametrised indirectly, `postgres` too."""
    return getattr(request, "param", "sqlite")


@pytest.fixture
def place(kind, request, tmp_path):
    """Where this test's rows are kept."""
    if kind == "sqlite":
        return FilePlace(tmp_path)
    return PostgresPlace(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def ledger(place):
    await place.empty()
    async with place.ledger() as opened:
        yield opened


@pytest.fixture
async def outbox(place):
    await place.empty()
    async with place.outbox() as opened:
        yield opened


@pytest.fixture
def actions(line, ledger):
    return HttpActions(line, ledger, environment={"API_KEY": "planted-secret-value"}, lookup_pauses=(0.0, 0.05))


@pytest.fixture
def run(tmp_path, actions):
    """Runs one action of a project that has only it."""

    async def run(url, call=None, *, also=None, auths=None, using=None, project="bank", **action):
        send = {"url": f"{url}/x", "method": "POST", "effect": "write", **action}
        described = {"send": {key: value for key, value in send.items() if value is not None}, **(also or {})}
        version = make_version(tmp_path, name=project, actions=described, auth=auths or {})
        return await (using or actions).call(version, call or make_call())

    return run
