"""Actions happen once: claims, replays, retries, lookups."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.tools_actions.conftest import make_call, make_version
from tests.tools_actions.places import FilePlace
from tests.tools_actions.wire import reply, reset, silence, wire
from tools.actions import HttpActions, entry_of
from tools.errors import LedgerUnavailableError
from tools.findings import Finding

everywhere = pytest.mark.parametrize("kind", ["sqlite", "postgres"], indirect=True)
"""What the database has a part in; the rest is between us and the API."""

MADE = reply(201, {"id": "T-1"})
RESULT = {"reference": "id"}


def outcome(receipt):
    return receipt["status"], receipt["reference"], receipt["replayed"]


@everywhere
async def test_a_turn_run_again_hears_the_first_receipt(run):
    async with wire(MADE, reply(201, {"id": "T-2"})) as api:
        first = await run(api.url, make_call(amount=5), result=RESULT)
        again = await run(api.url, make_call(amount=5), result=RESULT)

    assert (outcome(first), outcome(again)) == (("succeeded", "T-1", False), ("succeeded", "T-1", True))
    assert first["key"] == again["key"]
    assert len(api.seen) == 1


@everywhere
@pytest.mark.parametrize(
    "other",
    [
        {"amount": 6},
        {"amount": "5"},
        {"flow_id": "2-1"},
        {"session_id": "s2"},
        {"tenant": "other"},
    ],
)
async def test_another_deed_is_done_too(run, other):
    async with wire(MADE) as api:
        await run(api.url, make_call(amount=5))
        second = await run(api.url, make_call(**{"amount": 5, **other}))

    assert not second["replayed"]
    assert len(api.seen) == 2


async def test_reads_are_read_again(run):
    async with wire(MADE) as api:
        await run(api.url, effect="read")
        await run(api.url, effect="read")

    assert len(api.seen) == 2


async def test_a_post_of_which_the_author_says_nothing_is_a_write(run):
    async with wire(MADE) as api:
        await run(api.url, effect=None)
        replayed = await run(api.url, effect=None)

    assert replayed["replayed"]
    assert "idempotency-key" not in api.seen[0].headers


@everywhere
async def test_a_refusal_is_not_for_ever(run):
    async with wire(reply(503), MADE) as api:
        first = await run(api.url)
        second = await run(api.url)

    assert (first["status"], second["status"]) == ("failed", "succeeded")


@pytest.mark.parametrize("first", [reset(), reply(408), reply(425), reply(429), reply(502), reply(503), reply(504)])
async def test_a_write_that_the_api_deduplicates_is_sent_again_under_the_same_key(run, first):
    async with wire(first, MADE) as api:
        receipt = await run(api.url, idempotency=True, retries=2, result=RESULT)

    assert outcome(receipt) == ("succeeded", "T-1", False)
    assert [seen.headers["idempotency-key"] for seen in api.seen] == [receipt["key"]] * 2


@pytest.mark.parametrize("first", [reset(), reply(429), reply(503)])
async def test_a_write_that_nobody_deduplicates_is_sent_once(run, first):
    async with wire(first, MADE) as api:
        await run(api.url, retries=5)

    assert len(api.seen) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500])
async def test_a_refusal_is_not_argued_with(run, status):
    async with wire(reply(status)) as api:
        await run(api.url, effect="read", retries=3)

    assert len(api.seen) == 1


async def test_retry_after_is_obeyed_where_it_fits(run):
    started = time.monotonic()
    async with wire(reply(429, headers={"Retry-After": "1"}), MADE) as api:
        receipt = await run(api.url, effect="read", retries=1, timeout=5)

    assert receipt["status"] == "succeeded"
    assert 1.0 <= time.monotonic() - started < 5.0


async def test_retry_after_that_does_not_fit_ends_the_call_at_once(run):
    started = time.monotonic()
    async with wire(reply(429, headers={"Retry-After": "120"}), MADE) as api:
        receipt = await run(api.url, effect="read", retries=1, timeout=5)

    assert (receipt["status"], receipt["http_status"], len(api.seen)) == ("failed", 429, 1)
    assert time.monotonic() - started < 60


async def test_a_doubt_is_not_lost_between_attempts(run):
    async with wire(reset(), reply(503)) as api:
        receipt = await run(api.url, idempotency=True, retries=1)

    assert (receipt["status"], len(api.seen)) == ("unknown", 2)


async def test_a_doubt_ends_where_the_api_looked_at_the_same_key(run):
    async with wire(reset(), reply(404)) as api:
        receipt = await run(api.url, idempotency=True, retries=1)

    assert (receipt["status"], receipt["http_status"]) == ("failed", 404)


@everywhere
async def test_an_unknown_write_is_not_sent_again(run):
    async with wire(reset(), MADE) as api:
        first = await run(api.url)
        again = await run(api.url)

    assert (first["status"], again["status"], again["replayed"]) == ("unknown", "unknown", True)
    assert len(api.seen) == 1


@everywhere
async def test_an_unknown_write_that_the_api_deduplicates_is_asked_again(run):
    async with wire(reset(), MADE) as api:
        first = await run(api.url, idempotency=True)
        again = await run(api.url, idempotency=True, result=RESULT)

    assert (first["status"], outcome(again)) == ("unknown", ("succeeded", "T-1", False))
    assert api.seen[0].headers["idempotency-key"] == api.seen[1].headers["idempotency-key"]


@everywhere
async def test_two_calls_of_one_deed_at_once_send_it_once(run):
    async with wire(reply(201, {"id": "T-1"}, delay=0.2)) as api:
        receipts = await asyncio.gather(*(run(api.url, make_call(amount=5), result=RESULT) for _ in range(8)))

    assert {receipt["reference"] for receipt in receipts} == {"T-1"}
    assert sorted(receipt["replayed"] for receipt in receipts) == [False] + [True] * 7
    assert len(api.seen) == 1


@everywhere
async def test_another_worker_does_not_send_what_is_claimed(run, line, place):
    async with place.ledger() as theirs, wire(reply(201, {"id": "T-1"}, delay=0.3)) as api:
        both = await asyncio.gather(
            run(api.url, make_call(amount=5), result=RESULT),
            run(api.url, make_call(amount=5), result=RESULT, using=HttpActions(line, theirs)),
        )

    assert {receipt["reference"] for receipt in both} == {"T-1"}
    assert len(api.seen) == 1


@everywhere
@pytest.mark.parametrize(
    ("dispatched", "idempotency", "expected"),
    [
        (False, False, ("succeeded", 1)),
        (False, True, ("succeeded", 1)),
        (True, True, ("succeeded", 1)),
        (True, False, ("unknown", 0)),
    ],
)
async def test_what_a_dead_worker_left_is_finished_where_that_is_safe(run, place, dispatched, idempotency, expected):
    version = make_version(Path(), actions={})
    entry = entry_of(version, make_call(amount=5))
    async with place.ledger() as theirs:
        await theirs.claim(entry, lease_seconds=1000, again=())
        if dispatched:
            await theirs.dispatch(entry.key)
    async with wire(MADE) as api:
        receipt = await run(api.url, make_call(amount=5), idempotency=idempotency)

    assert (receipt["status"], len(api.seen)) == expected


@everywhere
async def test_a_cancelled_turn_leaves_no_claim_behind(run, ledger):
    async with wire(silence(), MADE) as api:
        task = asyncio.create_task(run(api.url, make_call(amount=5)))
        await api.arrived.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        again = await run(api.url, make_call(amount=5))
        [row] = await ledger.rows(tenant="acme")

    assert (row.state, again["status"], len(api.seen)) == ("unknown", "unknown", 1)


STATUS = {"status": "look"}


def look(url):
    return {"look": {"url": f"{url}/look/{{{{ slots.amount }}}}", "result": {"reference": "id"}}}


@everywhere
async def test_an_uncertain_write_is_looked_up(run):
    async with wire(reset(), reply(200, {"id": "T-9"})) as api:
        receipt = await run(api.url, make_call(amount=5), also=look(api.url), result={**RESULT, "fee": "fee"}, **STATUS)

    assert outcome(receipt) == ("succeeded", "T-9", False)
    assert receipt["result"] == {"reference": "T-9", "fee": None}
    assert [seen.target for seen in api.seen] == ["/x", "/look/5"]


async def test_a_lookup_is_patient(run):
    async with wire(reset(), reply(404), reply(200, {"id": "T-9"})) as api:
        receipt = await run(api.url, make_call(amount=5), also=look(api.url), **STATUS)

    assert receipt["status"] == "succeeded"


async def test_nothing_found_right_after_proves_nothing(run):
    async with wire(reset(), reply(404)) as api:
        receipt = await run(api.url, make_call(amount=5), also=look(api.url), **STATUS)

    assert receipt["status"] == "unknown"


@everywhere
async def test_nothing_found_later_is_a_failure(run, line, ledger):
    later = HttpActions(line, ledger, now=lambda: time.time() + 3600, lookup_pauses=(0.0,))
    async with wire(reset(), reply(404)) as api:
        first = await run(api.url, make_call(amount=5), also=look(api.url), **STATUS)
        receipt = await run(api.url, make_call(amount=5), also=look(api.url), using=later, **STATUS)

    assert (first["status"], receipt["status"]) == ("unknown", "failed")


@everywhere
async def test_an_old_key_is_not_sent_again(run, line, ledger):
    later = HttpActions(line, ledger, now=lambda: time.time() + 24 * 3600)
    async with wire(reset(), MADE) as api:
        await run(api.url, idempotency=True)
        receipt = await run(api.url, idempotency=True, using=later)

    assert (receipt["status"], len(api.seen)) == ("unknown", 1)


async def test_what_cannot_be_written_down_is_not_done(run, line, tmp_path):
    (tmp_path / "ledger.sqlite3").mkdir()
    async with FilePlace(tmp_path).ledger() as broken, wire(MADE) as api:
        with pytest.raises(LedgerUnavailableError):
            await run(api.url, using=HttpActions(line, broken))

    assert api.seen == []


@everywhere
async def test_the_ledger_shows_and_forgets_a_session(run, ledger):
    async with wire(MADE) as api:
        await run(api.url, make_call(session_id="s1"), result=RESULT)
        await run(api.url, make_call(session_id="s2"), result=RESULT)
    [row] = await ledger.rows(tenant="acme", project="bank", session_id="s1")
    erased = await ledger.erase(tenant="acme", project="bank", session_id="s1")

    assert row.finding == Finding(state="succeeded", http_status=201, result={"reference": "T-1"}, reference="T-1")
    assert (erased, len(await ledger.rows(tenant="acme"))) == (1, 1)


@everywhere
async def test_arguments_are_not_kept(run, place):
    async with wire(MADE) as api:
        receipt = await run(api.url, make_call(iban="TR150006100000000000000101"))
    kept = await place.everything()

    assert receipt["key"].encode() in kept
    assert b"TR1500" not in kept


async def test_a_write_without_a_key_goes_over_a_fresh_connection(run):
    async with wire(MADE) as api:
        for number in range(3):
            await run(api.url, make_call(number=number))
        fresh = api.connections
        for _ in range(3):
            await run(api.url, effect="read")

    assert (fresh, api.connections) == (3, 4)


async def test_64_sessions_acting_at_once_do_not_mix(run):
    async with wire(reply(201, {"id": "T-1"}, delay=0.02)) as api:
        calls = [make_call(session_id=f"s{number % 64}", amount=number % 64, seconds=60) for number in range(128)]
        receipts = await asyncio.gather(
            *(run(api.url, call, json={"who": "{{ session_id }}", "amount": "{{ slots.amount }}"}) for call in calls)
        )

    bodies = [seen.json() for seen in api.seen]
    assert {receipt["status"] for receipt in receipts} == {"succeeded"}
    assert sorted(body["amount"] for body in bodies) == list(range(64))
    assert all(body["who"] == f"s{body['amount']}" for body in bodies)


@everywhere
@pytest.mark.parametrize(
    ("step", "begun"), [(reply(201, {"id": "T-1"}), True), (reset(), True), (reply(422), False), (None, False)]
)
async def test_a_deed_is_begun_when_it_may_have_taken_effect(run, actions, tmp_path, step, begun):
    action = {"send": {"url": "http://127.0.0.1/x", "method": "POST", "effect": "write"}}
    version = make_version(tmp_path, actions=action)
    if step is not None:
        async with wire(step) as api:
            await run(api.url, make_call(amount=5))

    assert await actions.begun(version, make_call(amount=5)) is begun


@everywhere
@pytest.mark.parametrize(
    ("began", "found"),
    [
        (("3-1", 3, ()), ["unknown"]),
        (("4-1", 3, ()), ["unknown"]),
        (("2-1", 3, ()), []),
        (("2-1", 3, ("2-1",)), ["unknown"]),
        (("tool-9", 3, ()), []),
    ],
)
async def test_what_a_dead_turn_began_is_found_by_its_flow(actions, place, began, found):
    flow_id, turn, flows = began
    version = make_version(Path(), actions={"send": {"url": "http://127.0.0.1/x", "method": "POST"}})
    async with place.ledger() as theirs:
        for session in ("s1", "s2"):
            entry = entry_of(version, make_call(flow_id=flow_id, session_id=session))
            await theirs.claim(entry, lease_seconds=1000, again=())
            await theirs.dispatch(entry.key)
        await theirs.claim(entry_of(version, make_call(flow_id=flow_id, n=2)), lease_seconds=1000, again=())

    left = await actions.unanswered(version, tenant="acme", session_id="s1", turn=turn, flows=flows)

    assert [receipt["status"] for receipt in left] == found
