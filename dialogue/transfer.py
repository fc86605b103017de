"""Whether a person takes over, and why. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.project import Project
from dialogue.commands import Command
from dialogue.state import Receipt, Retrieval, TransferReason, TransferRecord, Verdict

TENTATIVE = 0.5
"""Up to this certainty the engine only guesses that a message is a question at all."""


def is_tentative(commands: Sequence[Command], certainty: float | None) -> bool:
    """Whether the turn rests on a guess that the message asks something."""
    only = all(command["command"] == "question" for command in commands)
    return only and certainty is not None and certainty <= TENTATIVE


@dataclass(frozen=True, kw_only=True)
class TransferVerdict:
    """The decision, with the failures in a row it leaves behind."""

    reason: TransferReason | None
    failures: int


def judge_transfer(
    project: Project,
    *,
    verdict: Verdict,
    confidence: float | None,
    retrieval: Retrieval | None,
    receipts: Sequence[Receipt],
    failures: int,
    in_flow: bool,
    tentative: bool = False,
    model_failed: bool = False,
) -> TransferVerdict:
    """A request first, then what happened to actions, then doubt about an answer, then failures in a row."""
    if verdict["next"] == "transfer":
        return TransferVerdict(reason=verdict["reason"] or "requested", failures=failures)
    doubt = _doubt(project, confidence, retrieval)
    if doubt == "low_confidence" and model_failed:
        doubt = "model_unavailable"
    failed = verdict["progress"] == "failed" or any(r["status"] != "succeeded" for r in receipts) or doubt is not None
    count = failures + 1 if failed else 0 if verdict["progress"] == "made" or retrieval is not None else failures
    reason = _of_actions(project, receipts)
    if reason is None and not in_flow and not tentative and project.transfer.on_low_confidence:
        # In mid-flow an unanswered side question is said so and the flow goes on: its work is worth more.
        # What was only guessed to be a question is first asked about.
        reason = doubt
    if reason is None and count >= project.transfer.after_failures:
        reason = "repeated_failures"
    return TransferVerdict(reason=reason, failures=count)


def nobody_came(project: Project, record: TransferRecord | None, now: datetime) -> bool:
    """Whether a transfer has waited for a person longer than the project lets customers wait."""
    wait = project.transfer.wait_minutes
    if wait is None or record is None or record["released"] or record.get("taken"):
        return False
    return now - datetime.fromisoformat(record["at"]) > timedelta(minutes=wait)


def _doubt(project: Project, confidence: float | None, retrieval: Retrieval | None) -> TransferReason | None:
    """Why an answer from the knowledge must not be relied on; None where it may, or where there was none."""
    if retrieval is None:
        return None
    if retrieval["hits"] == 0:
        return "service_error" if retrieval["failure"] else "no_evidence"
    if confidence is not None and confidence < project.confidence.low:
        return "low_confidence"
    return None


def _of_actions(project: Project, receipts: Sequence[Receipt]) -> TransferReason | None:
    if any(receipt["status"] == "unknown" for receipt in receipts):
        return "outcome_unknown"
    failed = [receipt for receipt in receipts if receipt["status"] == "failed"]
    if project.transfer.on_action_failed and any(not is_explained(project, receipt) for receipt in failed):
        return "action_failed"
    return None


def is_explained(project: Project, receipt: Receipt) -> bool:
    """Whether the author has words for this status: then the business said no, and nothing is broken."""
    action = project.actions.get(receipt["action"])
    return action is not None and receipt["http_status"] in action.errors
