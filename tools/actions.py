"""Calls a business's API for a plan, at most once: build, claim, authenticate, dispatch, read, write down.

Whatever goes wrong with the API is in the receipt. `failed` is said only where the call had no effect for certain;
where a write may have reached the API and no usable answer came back, it is `unknown`: asked again under the same key
where the API deduplicates, looked up where the action names a `status` action, and otherwise left to a person. A ledger
that cannot be read is raised: what an earlier run of the turn did is then not known, and to run it once more is safe.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog
from pydantic import JsonValue

from config.project import Action, ErrorKind
from config.secrets import MissingVariableError
from config.tracing import fail, span
from config.versions import Version
from dialogue.state import Receipt
from tools.auth import Authenticator
from tools.breaker import Hosts
from tools.claims import Claims, may_have_been_done, outcome_of
from tools.egress import Egress, egress_of
from tools.errors import (
    ActionError,
    LedgerUnavailableError,
    RequestRefusedError,
    TakenOverError,
)
from tools.exchange import Exchange
from tools.findings import Finding, failed, judge_answer, judge_error, unknown
from tools.http import HttpLine, Request
from tools.ledger import Entry, Ledger, Row, State
from tools.lookups import arguments_hash, make_lookup, remembered_call, status_action
from tools.ports import ActionCall
from tools.requests import Environment, build_request

LEASE_MARGIN: Final = 5.0
TURN_MARGIN: Final = 0.5
"""Left of the turn to say what happened."""
KEY_WINDOW: Final = 23 * 3600.0
"""APIs forget idempotency keys after a day: an older one is not sent again."""
LOOKUP_PAUSES: Final = (0.0, 0.5, 1.5)
SETTLING: Final = 60.0
"""A lookup that finds nothing so soon after the request proves nothing: it may still be on its way."""

_log = structlog.get_logger(__name__)


def entry_of(version: Version, call: ActionCall) -> Entry:
    """The action's name in the ledger: the same turn run again comes to the same key."""
    hashed = arguments_hash(call.plan["arguments"])
    parts = (call.tenant, version.project.name, call.session_id, call.flow_id, call.plan["action"], hashed)
    key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    tenant, project, session_id, flow_id, action, _ = parts
    return Entry(
        key=key,
        tenant=tenant,
        project=project,
        session_id=session_id,
        flow_id=flow_id,
        action=action,
        arguments_hash=hashed,
    )


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One call on its way."""

    version: Version
    call: ActionCall
    action: Action
    entry: Entry
    egress: Egress
    request: Request
    ends: float
    """Loop time by which it must be over."""

    def left(self) -> float:
        return self.ends - asyncio.get_running_loop().time()


class HttpActions:
    """Actions over HTTP, behind tools.ports.Actions."""

    def __init__(
        self,
        line: HttpLine,
        ledger: Ledger,
        *,
        environment: Environment = None,
        authenticator: Authenticator | None = None,
        hosts: Hosts | None = None,
        now: Callable[[], float] = time.time,
        lookup_pauses: Sequence[float] = LOOKUP_PAUSES,
    ) -> None:
        """`lookup_pauses` are the seconds before each question to a `status` action."""
        self._lookup_pauses = lookup_pauses
        self._environment = environment
        self._ledger = ledger
        self._claims = Claims(ledger)
        self._now = now
        self._exchange = Exchange(line, authenticator or Authenticator(line, environment), hosts or Hosts())

    async def call(self, version: Version, call: ActionCall) -> Receipt:
        """Do it, at most once; see tools.ports.Actions."""
        name = call.plan["action"]
        told = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, "gen_ai.tool.type": "function"}
        with span(f"execute_tool {name}", told) as opened:
            receipt = await self._call(version, call)
            opened.set_attribute("switchboard.action.status", receipt["status"])
            if receipt["status"] != "succeeded":
                fail(opened, receipt["error"] or receipt["status"])
        return receipt

    async def _call(self, version: Version, call: ActionCall) -> Receipt:
        started = time.monotonic()
        self._exchange.authenticator.redactor.learn_project(version.project, version.name, self._environment)
        entry = entry_of(version, call)
        action = version.project.actions.get(call.plan["action"])
        job = failed("api_error") if action is None else self._job(version, call, action, entry)
        if isinstance(job, Finding):
            writes = action is None or action.writes
            finding, replayed = await self._unless_begun(entry, job) if writes else (job, False)
        elif job.action.writes:
            finding, replayed = await self._write(job)
        else:
            finding, replayed = await self._read(job), False
        return _receipt(entry, finding, started, replayed=replayed)

    async def _unless_begun(self, entry: Entry, finding: Finding) -> tuple[Finding, bool]:
        """What hinders it now says nothing of a run before this one, whose request may have gone out."""
        row = await self._ledger.get(entry.key)
        return (outcome_of(row), True) if row is not None and may_have_been_done(row) else (finding, False)

    async def begun(self, version: Version, call: ActionCall) -> bool:
        """See tools.ports.Actions."""
        if not _changes_something(version):
            return False
        row = await self._ledger.get(entry_of(version, call).key)
        return row is not None and may_have_been_done(row)

    async def unanswered(
        self, version: Version, *, tenant: str, session_id: str, turn: int, flows: Collection[str]
    ) -> list[Receipt]:
        """See tools.ports.Actions."""
        if not _changes_something(version):
            return []
        rows = await self._ledger.rows(tenant=tenant, project=version.project.name, session_id=session_id)
        began = [row for row in rows if may_have_been_done(row)]
        mine = [row for row in began if row.entry.flow_id in flows or _turn_of(row.entry.flow_id) >= turn]
        now = time.monotonic()
        return [_receipt(row.entry, outcome_of(row), now, replayed=True) for row in mine]

    async def reconcile(
        self, version: Version, receipts: Sequence[Receipt], *, flows: Mapping[str, ActionCall], deadline: float | None
    ) -> list[Receipt]:
        """See tools.ports.Actions."""
        found = [await self._reconciled(version, receipt, flows, deadline) for receipt in receipts]
        return [receipt for receipt in found if receipt is not None]

    async def _reconciled(
        self, version: Version, receipt: Receipt, flows: Mapping[str, ActionCall], deadline: float | None
    ) -> Receipt | None:
        """The receipt with what the `status` action says of it; None where it had no effect."""
        row = await self._row(receipt["key"]) if receipt["status"] == "unknown" else None
        call = remembered_call(row, flows) if row is not None else None
        if row is None or call is None:
            return receipt
        started, doubt = time.monotonic(), outcome_of(row)
        seen = await self._looked_up(version, replace(call, deadline=deadline), row, doubt)
        if seen is doubt:
            return receipt
        await self._claims.note(row.entry, seen)
        return None if seen.state == "failed" else _receipt(row.entry, seen, started, replayed=True)

    async def _row(self, key: str) -> Row | None:
        """The ledger's row; None where there is none, or where it cannot be read."""
        try:
            return await self._ledger.get(key)
        except LedgerUnavailableError:
            return None

    def _job(self, version: Version, call: ActionCall, action: Action, entry: Entry) -> _Job | Finding:
        """The request, ready; or why there is none."""
        loop_time = asyncio.get_running_loop().time()
        ends = loop_time + action.timeout
        if call.deadline is not None:
            ends = min(ends, call.deadline - TURN_MARGIN)
        if ends <= loop_time:
            return failed("api_timeout")
        try:
            egress = egress_of(version.project, self._environment)
            request = build_request(action, _values(version, call), self._environment)
            egress.check_url(request.url)
        except RequestRefusedError as error:
            return self._refused(entry, "parameter_validation", error)
        except (ActionError, MissingVariableError) as error:
            return self._refused(entry, "api_error", error)
        request = replace(request, once=action.writes and not action.idempotency)
        return _Job(version=version, call=call, action=action, entry=entry, egress=egress, request=request, ends=ends)

    def _refused(self, entry: Entry, kind: ErrorKind, error: Exception) -> Finding:
        _log.warning(
            "action_refused", action=entry.action, project=entry.project, reason=self._exchange.redact(str(error))
        )
        return failed(kind)

    async def _read(self, job: _Job) -> Finding:
        return await self._send(job, uncertain=False, before=_nothing_to_note)

    async def _write(self, job: _Job) -> tuple[Finding, bool]:
        """Through the ledger: the finding, and whether it is an earlier one told again."""
        again: tuple[State, ...] = ("claimed", "failed")
        if job.action.idempotency:
            again = ("claimed", "failed", "dispatched", "unknown")
        claim = await self._claims.take(
            job.entry,
            lease_seconds=job.action.timeout + LEASE_MARGIN,
            again=again,
            lookup=make_lookup(job.version, job.call),
            left=job.left,
        )
        row = claim.row
        if not claim.granted:
            return (unknown("api_timeout") if claim.busy else await self._found(job, row)), True
        if may_have_been_done(row) and self._now() - row.claimed_at > KEY_WINDOW:
            return await self._claims.note(job.entry, unknown("api_error")), False
        return await self._carry_out(job, row), False

    async def _found(self, job: _Job, row: Row) -> Finding:
        """What the ledger says of an action that is not begun again."""
        if row.finding is not None and row.state != "unknown":
            return row.finding
        doubt = outcome_of(row)
        return await self._claims.note(job.entry, await self._looked_up(job.version, job.call, row, doubt))

    async def _carry_out(self, job: _Job, claimed: Row) -> Finding:
        """Dispatch what was claimed, and write down what became of it even where the turn is cancelled meanwhile."""
        dispatched, uncertain = False, may_have_been_done(claimed)

        async def before() -> None:
            nonlocal dispatched
            dispatched = await self._ledger.dispatch(job.entry.key)
            if not dispatched:
                raise TakenOverError("another worker has taken this action over")

        try:
            finding = await self._send(job, uncertain=uncertain, before=before)
        except asyncio.CancelledError:
            await self._claims.abandon(job.entry, claimed, dispatched=dispatched)
            raise
        except TakenOverError:
            return unknown("api_timeout")
        await self._claims.note(job.entry, finding)
        row = await self._row(job.entry.key) if finding.state == "unknown" else None
        if row is None:
            return finding
        seen = await self._looked_up(job.version, job.call, row, finding)
        return finding if seen is finding else await self._claims.note(job.entry, seen)

    async def _send(self, job: _Job, *, uncertain: bool, before: Callable[[], Awaitable[None]]) -> Finding:
        """One exchange, judged."""
        action = job.action
        safe = not action.writes
        try:
            answer, doubt = await self._exchange.run(
                job.version,
                job.request,
                action=action,
                key=job.entry.key if action.idempotency else None,
                egress=job.egress,
                ends=job.ends,
                retries=action.retries if safe or action.idempotency else 0,
                before=before,
                doubt=uncertain,
            )
        except TakenOverError:
            raise
        except ActionError as error:
            _log.warning(
                "action_without_answer",
                action=job.entry.action,
                project=job.entry.project,
                fault=type(error).__name__,
                reason=self._exchange.redact(str(error)),
            )
            return judge_error(action, error, uncertain=uncertain)
        return self._without_secrets(judge_answer(action, answer, uncertain=doubt))

    def _without_secrets(self, finding: Finding) -> Finding:
        """An API that echoes what it was sent does not bring a credential into the conversation."""
        redact = self._exchange.authenticator.redactor
        reference = None if finding.reference is None else redact(finding.reference)
        return replace(
            finding, result={name: redact.value(one) for name, one in finding.result.items()}, reference=reference
        )

    async def _looked_up(self, version: Version, call: ActionCall, row: Row, doubt: Finding) -> Finding:
        """Ask the `status` action whether it took effect; more than once, as it may still be on its way."""
        status = status_action(version.project, row.entry.action)
        if status is None:
            return doubt
        told = version.project.actions[row.entry.action]
        for pause in self._lookup_pauses:
            await asyncio.sleep(pause)
            asked = self._job(version, call, status, replace(row.entry, action=str(told.status)))
            if isinstance(asked, Finding):
                return doubt
            seen = await self._read(asked)
            if seen.state == "succeeded":
                return replace(seen, result={**dict.fromkeys(told.result), **seen.result})
            settled = row.dispatched_at is not None and self._now() - row.dispatched_at > SETTLING
            if seen.http_status == 404 and settled:
                return failed("api_error", 404)
        return doubt


async def _nothing_to_note() -> None:
    """Reads are not written down: doing one again changes nothing."""


def _changes_something(version: Version) -> bool:
    """Whether the ledger can know of anything."""
    return any(action.writes for action in version.project.actions.values())


def _turn_of(flow_id: str) -> int:
    """The turn a flow began in; -1 for what began in none."""
    number = flow_id.partition("-")[0]
    return int(number) if number.isascii() and number.isdigit() else -1


def _values(version: Version, call: ActionCall) -> Mapping[str, object]:
    return {
        "slots": call.plan["arguments"],
        "variables": call.variables,
        "channel": call.channel,
        "locale": call.locale,
        "session_id": call.session_id,
        "tenant": call.tenant,
        "project": version.project.name,
    }


def _receipt(entry: Entry, finding: Finding, started: float, *, replayed: bool = False) -> Receipt:
    result: dict[str, JsonValue] = dict(finding.result)
    return Receipt(
        action=entry.action,
        flow_id=entry.flow_id,
        status=finding.state,
        http_status=finding.http_status,
        result=result,
        reference=finding.reference,
        key=entry.key,
        error=finding.error,
        ms=round((time.monotonic() - started) * 1000, 3),
        replayed=replayed,
    )
