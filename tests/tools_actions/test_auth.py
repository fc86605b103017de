"""Credentials: one token for all who wait, a new one after a 401, and no secret in any words."""

import asyncio
import base64
import json

import pytest
import structlog

from tests.tools_actions.conftest import make_call
from tests.tools_actions.wire import drip, reply, reset, wire
from tools.actions import HttpActions
from tools.auth import Authenticator

SECRET = "planted-secret-value"
BEARER = ("authorization", "Bearer abcdefgh")


def token_endpoint(url, **more):
    described = {"type": "token_endpoint", "url": f"{url}/token", "json": {"client": "c", "secret": "${API_KEY}"}}
    return {"bank": {**described, **more}}


def token(value="t-0123456789", **more):
    return reply(200, {"access_token": value, "expires_in": 300, **more})


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"type": "bearer", "token": "${API_KEY}"}, "authorization", f"Bearer {SECRET}"),
        ({"type": "api_key", "key": "${API_KEY}"}, "x-api-key", SECRET),
        ({"type": "api_key", "key": "${API_KEY}", "header": "X-Shop"}, "x-shop", SECRET),
        (
            {"type": "basic", "username": "me", "password": "${API_KEY}"},
            "authorization",
            f"Basic {base64.b64encode(f'me:{SECRET}'.encode()).decode()}",
        ),
    ],
)
async def test_fixed_credentials_are_sent(run, auth, header, value):
    async with wire() as api:
        await run_with(run, api, {"bank": auth})

    assert api.seen[0].headers[header] == value


async def run_with(run, api, auth, call=None, *, using=None, **action):
    return await run(api.url, call, auths=auth, using=using, auth="bank", **action)


async def test_a_key_may_stand_in_the_query(run):
    async with wire() as api:
        await run_with(run, api, {"bank": {"type": "api_key", "key": "${API_KEY}", "query": "key"}}, query={"a": 1})

    assert api.seen[0].target == f"/x?a=1&key={SECRET}"


async def test_a_token_is_fetched_once_and_kept(run):
    async with wire(token()) as auth, wire() as api:
        for number in range(3):
            await run_with(run, api, token_endpoint(auth.url), make_call(number=number))

    assert [seen.json() for seen in auth.seen] == [{"client": "c", "secret": SECRET}]
    assert {seen.headers["authorization"] for seen in api.seen} == {"Bearer t-0123456789"}


async def test_a_hundred_callers_wait_for_one_token(run):
    async with wire(reply(200, {"access_token": "t-0123456789"}, delay=0.2)) as auth, wire() as api:
        calls = [
            run_with(run, api, token_endpoint(auth.url), make_call(number=number), effect="read")
            for number in range(100)
        ]
        receipts = await asyncio.gather(*calls)

    assert {receipt["status"] for receipt in receipts} == {"succeeded"}
    assert (len(auth.seen), len(api.seen)) == (1, 100)


async def test_an_expired_token_is_refreshed_once_for_all(run):
    async with wire(token("old-token-1"), token("new-token-2")) as auth, wire(reply()) as api:

        async def check(reader, writer):
            good = api.seen[-1].headers["authorization"].endswith("new-token-2")
            await (reply(200) if good else reply(401))(reader, writer)

        await run_with(run, api, token_endpoint(auth.url), make_call(number=-1))
        api.script = [check]
        calls = [run_with(run, api, token_endpoint(auth.url), make_call(number=number)) for number in range(50)]
        receipts = await asyncio.gather(*calls)

    assert {receipt["status"] for receipt in receipts} == {"succeeded"}
    assert len(auth.seen) == 2


async def test_a_401_is_answered_with_one_new_token_only(run):
    async with wire(token("token-one"), token("token-two")) as auth, wire(reply(401)) as api:
        receipt = await run_with(run, api, token_endpoint(auth.url))

    assert (receipt["status"], receipt["http_status"]) == ("failed", 401)
    assert (len(auth.seen), len(api.seen)) == (2, 2)


async def test_a_token_is_renewed_before_it_ends(line, run, ledger):
    clock = iter([0.0, 0.0, 0.0, 0.0, *[271.0] * 20])
    authenticator = Authenticator(line, {"API_KEY": SECRET}, now=lambda: next(clock))
    using = HttpActions(line, ledger, environment={"API_KEY": SECRET}, authenticator=authenticator)
    async with wire(token()) as auth, wire() as api:
        for number in range(3):
            await run_with(run, api, token_endpoint(auth.url), make_call(number=number), using=using)

    assert len(auth.seen) == 2


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (reset(), "api_error"),
        (reply(500), "api_error"),
        (reply(401, {"error": SECRET}), "api_error"),
        (reply(200, {"token": "elsewhere"}), "api_error"),
        (reply(200, {"access_token": 5}), "api_error"),
        (reply(200, {"access_token": "a\r\nX: 1"}), "api_error"),
        (reply(200, b"<html>", kind="text/html"), "api_error"),
        (drip(0.05), "api_timeout"),
    ],
)
async def test_without_a_token_nothing_is_sent(run, ledger, step, error):
    async with wire(step) as auth, wire() as api:
        receipt = await run_with(run, api, token_endpoint(auth.url), timeout=1.1)
        again = await run_with(run, api, token_endpoint(auth.url), make_call(number=2), timeout=1.1)

    assert (receipt["status"], receipt["error"], api.seen) == ("failed", error, [])
    assert again["status"] == "failed"
    assert len(auth.seen) == 1


@pytest.mark.parametrize(
    ("auth", "answer", "header"),
    [
        (
            {"token_path": "data.token.value"},
            {"data": {"token": {"value": "abcdefgh"}}},
            BEARER,
        ),
        ({"header": "X-Session: {{ token }}"}, {"access_token": "abcdefgh"}, ("x-session", "abcdefgh")),
        ({"header": "X-Session: {{ token }}"}, {"access_token": "{{ 7*7 }}"}, ("x-session", "{{ 7*7 }}")),
        ({"expires_path": None}, {"access_token": "abcdefgh"}, BEARER),
        (
            {"json": None, "form": {"s": "${API_KEY}"}},
            {"access_token": "abcdefgh"},
            BEARER,
        ),
    ],
)
async def test_a_token_stands_where_the_project_says(run, auth, answer, header):
    async with wire(reply(200, answer)) as tokens, wire() as api:
        await run_with(run, api, token_endpoint(tokens.url, **auth))

    assert api.seen[0].headers[header[0]] == header[1]


async def test_the_client_credentials_grant_is_as_in_its_rfc(run):
    described = {
        "type": "oauth2_client_credentials",
        "client_id": "me:you",
        "client_secret": "${API_KEY}",
        "scope": "a b",
    }
    async with wire(token()) as tokens, wire() as api:
        await run_with(run, api, {"bank": {**described, "token_url": f"{tokens.url}/oauth/token"}})
    [asked] = tokens.seen

    assert asked.body == b"grant_type=client_credentials&scope=a+b"
    assert asked.headers["authorization"] == f"Basic {base64.b64encode(f'me%3Ayou:{SECRET}'.encode()).decode()}"
    assert api.seen[0].headers["authorization"] == "Bearer t-0123456789"


async def test_tenants_do_not_share_tokens(run, tmp_path):
    async with wire(token("token-one"), token("token-two")) as auth, wire() as api:
        for name in ("bank", "shop"):
            await run_with(run, api, token_endpoint(auth.url), make_call(session_id=name), project=name)

    assert [seen.headers["authorization"] for seen in api.seen] == ["Bearer token-one", "Bearer token-two"]


async def test_no_secret_is_in_receipts_logs_or_the_ledger(run, tmp_path, ledger):
    with structlog.testing.capture_logs() as logs:
        async with wire(token("issued-token-77")) as auth, wire(reply(500, {"echo": SECRET}), reset()) as api:
            receipts = [
                await run_with(
                    run, api, token_endpoint(auth.url), make_call(n=n), json={"key": "${API_KEY}"}, errors={500: "no"}
                )
                for n in range(2)
            ]
    await ledger.aclose()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    said = json.dumps(receipts) + repr(logs) + kept.decode("latin-1")

    assert logs
    assert SECRET not in said
    assert "issued-token-77" not in said
