"""What a customer is told when an API misbehaves: only what is certain."""

import gzip
import time

import pytest

from tests.tools_actions.conftest import make_call
from tests.tools_actions.wire import drip, empty, endless, half, refused_url, reply, reset, silence, wire

FAILED, UNKNOWN, DONE = "failed", "unknown", "succeeded"
DEEP = b"[" * 100 + b"]" * 100


@pytest.mark.parametrize(
    ("step", "expected", "error"),
    [
        (reset(), (FAILED, UNKNOWN), "api_error"),
        (half(), (FAILED, UNKNOWN), "api_error"),
        (silence(), (FAILED, UNKNOWN), "api_timeout"),
        (drip(0.05), (FAILED, UNKNOWN), "api_timeout"),
        (endless(), (FAILED, UNKNOWN), "api_error"),
        (reply(200, b"x" * (1024 * 1024 + 1)), (FAILED, UNKNOWN), "api_error"),
        (reply(200, b"<html>Log in", kind="text/html"), (FAILED, UNKNOWN), "api_error"),
        (reply(200, b'{"data": '), (FAILED, UNKNOWN), "api_error"),
        (reply(200, b'{"data": NaN}'), (FAILED, UNKNOWN), "api_error"),
        (reply(200, b'{"data": {"id": 1e400}}'), (FAILED, UNKNOWN), "api_error"),
        (reply(200, b'{"data": {"id": ' + b"9" * 5000 + b"}}"), (FAILED, UNKNOWN), "api_error"),
        (reply(200, b'{"data": {"id": "a\\ud800\\u0000b"}}'), (DONE, DONE), None),
        (reply(429, headers={"Retry-After": "Wed, 21 Oct 99999999999 07:28:00 GMT"}), (FAILED, FAILED), "api_error"),
        (reply(429, headers={"Retry-After": "9" * 400}), (FAILED, FAILED), "api_error"),
        (reply(200, DEEP), (FAILED, UNKNOWN), "api_error"),
        (reply(200, b"[" * 100_000), (FAILED, UNKNOWN), "api_error"),
        (reply(200, {"fault": "no"}), (FAILED, UNKNOWN), "api_error"),
        (reply(200, [1, 2]), (FAILED, UNKNOWN), "api_error"),
        (
            reply(200, gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"}),
            (FAILED, UNKNOWN),
            "api_error",
        ),
        (reply(200, b"{}", headers={"Content-Encoding": "br"}), (FAILED, UNKNOWN), "api_error"),
        (reply(302, {}, headers={"Location": "http://169.254.169.254/"}), (FAILED, UNKNOWN), "api_error"),
        (reply(307, {}, headers={"Location": "/elsewhere"}), (FAILED, UNKNOWN), "api_error"),
        (reply(400), (FAILED, FAILED), "api_error"),
        (reply(401), (FAILED, FAILED), "api_error"),
        (reply(403), (FAILED, FAILED), "api_error"),
        (reply(404), (FAILED, FAILED), "api_error"),
        (reply(409), (FAILED, FAILED), "api_error"),
        (reply(422), (FAILED, FAILED), "api_error"),
        (reply(429), (FAILED, FAILED), "api_error"),
        (reply(500), (FAILED, FAILED), "api_error"),
        (reply(503), (FAILED, FAILED), "api_error"),
        (reply(502), (FAILED, UNKNOWN), "api_error"),
        (reply(504), (FAILED, UNKNOWN), "api_timeout"),
        (empty(204), (FAILED, DONE), None),
        (reply(201, {"data": {"id": "T-1"}}), (DONE, DONE), None),
        (reply(200, {"data": {"id": None}}), (DONE, DONE), None),
        (reply(200, {"data": {"id": "T-1"}}, kind="application/problem+json; charset=utf-8"), (DONE, DONE), None),
        (
            reply(200, gzip.compress(b'{"data": {"id": "T-1"}}'), headers={"Content-Encoding": "gzip"}),
            (DONE, DONE),
            None,
        ),
    ],
)
@pytest.mark.parametrize("effect", ["read", "write"])
async def test_an_answer_is_judged_by_what_it_proves(run, step, expected, error, effect):
    async with wire(step) as api:
        patience = 0.4 if error == "api_timeout" else 20
        receipt = await run(api.url, effect=effect, timeout=patience, result={"reference": "data.id"})

    assert receipt["status"] == expected[effect == "write"]
    wanted = error if error or receipt["status"] == DONE else "api_error"
    assert receipt["error"] == wanted
    assert len(api.seen) == 1


async def test_nothing_was_done_where_nobody_listens(run):
    receipt = await run(refused_url(), timeout=1)

    assert (receipt["status"], receipt["error"]) == (FAILED, "api_error")


async def test_a_name_that_does_not_resolve_is_a_failure(run):
    receipt = await run("https://no-such-host.invalid", timeout=2)

    assert receipt["status"] == FAILED


async def test_a_server_without_tls_is_a_failure(run):
    async with wire() as api:
        receipt = await run(api.url.replace("http:", "https:"), timeout=0.5)

    assert receipt["status"] == FAILED
    assert api.seen == []


@pytest.mark.parametrize("step", [silence(), drip(0.01), endless()])
async def test_the_timeout_is_of_the_whole_call(run, step):
    started = time.monotonic()
    async with wire(step) as api:
        await run(api.url, effect="read", timeout=0.5, retries=5)

    assert time.monotonic() - started < 2.5  # five tries would take three seconds


async def test_the_turns_end_comes_before_the_actions_timeout(run):
    started = time.monotonic()
    async with wire(silence()) as api:
        receipt = await run(api.url, make_call(seconds=1.0), timeout=30)

    assert time.monotonic() - started < 15
    assert receipt["error"] == "api_timeout"


async def test_a_turn_without_time_left_sends_nothing(run):
    async with wire() as api:
        receipt = await run(api.url, make_call(seconds=0.1))

    assert (receipt["status"], receipt["error"], api.seen) == (FAILED, "api_timeout", [])


async def test_an_action_that_is_not_configured_is_a_polite_failure(run):
    receipt = await run("http://127.0.0.1", make_call("nobody"))

    assert (receipt["status"], receipt["error"]) == (FAILED, "api_error")


async def test_an_unset_variable_is_a_failure_that_names_no_value(run):
    receipt = await run("${NOT_SET}")

    assert (receipt["status"], receipt["error"]) == (FAILED, "api_error")


async def test_what_no_text_may_hold_is_replaced_in_an_answer(run, ledger):
    strange = b'{"data": {"id": "a\\ud800\\u0000b", "list": [{"\\udfff": "\\ud83d\\ude00"}]}}'
    async with wire(reply(200, strange)) as api:
        receipt = await run(api.url, result={"reference": "data.id", "list": "data.list"})
    [row] = await ledger.rows(tenant="acme")

    assert (receipt["reference"], receipt["result"]["list"]) == ("a\ufffdb", [{"\ufffd": "😀"}])
    assert row.finding.reference == "a\ufffdb"
