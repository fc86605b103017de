"""One line in the log for each thing that somebody with a key changed: who, what and where, and not a word of it."""

import structlog

from graph.threads import thread_id
from serving.auth import Caller

log = structlog.get_logger("audit")


def audit(caller: Caller, act: str, tenant: str, project: str, *, session: str | None = None, **more: str) -> None:
    """Say that it was done; a session, whose name may be a telephone number, by the id of its thread."""
    thread = {"thread": thread_id(tenant, project, session)} if session is not None else {}
    key = caller.name or "a key without a name"
    log.info("changed", act=act, key=key, role=caller.role, tenant=tenant, project=project, **thread, **more)
