"""What is kept of a call whose action names a `status` action, so that it can be asked about after a crash.

The turn that made the call may have died without a checkpoint; then only the ledger knows of it. Kept is what the
`status` action's templates read and no more, until the outcome is known; never a value of a sensitive slot, which only
checkpoints hold.
"""

import hashlib
import json
from collections.abc import Mapping

from pydantic import JsonValue, TypeAdapter
from typing_extensions import TypedDict

from config.project import Action, Project
from config.versions import Version
from dialogue.scene import shared_variable
from dialogue.state import Plan
from tools.ledger import Row
from tools.ports import ActionCall
from tools.requests import names_read


class _Kept(TypedDict):
    slots: dict[str, JsonValue]
    variables: dict[str, JsonValue]
    locale: str
    channel: str


_KEPT = TypeAdapter(_Kept)


def arguments_hash(arguments: Mapping[str, JsonValue]) -> str:
    """What the ledger calls a call's arguments by."""
    written = json.dumps(arguments, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()


def status_action(project: Project, name: str) -> Action | None:
    """The action that tells whether `name` took effect; it changes nothing."""
    action = project.actions.get(name)
    told = project.actions.get(action.status) if action is not None and action.status else None
    return told if told is not None and not told.writes else None


def make_lookup(version: Version, call: ActionCall) -> str | None:
    """What the `status` action needs to know of the call; None where there is none, or where it reads a secret."""
    status = status_action(version.project, call.plan["action"])
    if status is None:
        return None
    read = names_read(status)
    if read & _sensitive(version.project):
        return None
    kept = _Kept(
        slots={name: value for name, value in call.plan["arguments"].items() if ("slots", name) in read},
        variables={name: value for name, value in call.variables.items() if ("variables", name) in read},
        locale=call.locale,
        channel=call.channel,
    )
    return json.dumps(kept)


def remembered_call(row: Row, flows: Mapping[str, ActionCall]) -> ActionCall | None:
    """The call of a row: that of a flow which would make the very same now, else what the ledger kept of it."""
    open_now = flows.get(row.entry.flow_id)
    if open_now is not None and arguments_hash(open_now.plan["arguments"]) == row.entry.arguments_hash:
        return open_now
    if row.lookup is None:
        return None
    kept = _KEPT.validate_json(row.lookup)
    plan = Plan(action=row.entry.action, arguments=kept["slots"], hash="", confirmed=True)
    return ActionCall(
        plan=plan,
        tenant=row.entry.tenant,
        session_id=row.entry.session_id,
        flow_id=row.entry.flow_id,
        locale=kept["locale"],
        channel=kept["channel"],
        variables=kept["variables"],
    )


def _sensitive(project: Project) -> frozenset[tuple[str, str]]:
    """Sensitive slots, and the variables they are shared under."""
    every = [*project.slots.items(), *(pair for name in project.intents for pair in project.slots_of(name).items())]
    hidden = {(name, shared_variable(project, name, slot)) for name, slot in every if slot.sensitive}
    slots = {("slots", name) for name, _ in hidden}
    return frozenset(slots | {("variables", variable) for _, variable in hidden if variable is not None})
