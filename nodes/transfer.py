"""Hand the session to a person."""

from zoneinfo import ZoneInfo

from config.clock import Clock
from config.hours import is_open
from config.versions import Versions
from dialogue.handover import DeskVeil, make_packet_values, summary_of
from dialogue.hours import told_hours
from dialogue.interruptions import Interruptions
from dialogue.reply import compose
from dialogue.state import DialogueState, DialogueUpdate, Part, TransferRecord
from dialogue.transcript import lines
from tools.ports import DeskLine, Packet


async def transfer(
    state: DialogueState, *, versions: Versions, desk: DeskLine, clock: Clock, interruptions: Interruptions
) -> DialogueUpdate:
    """Tell the customer once, announce it once, and be silent from then on."""
    interruptions.commit(state["tenant"], state["project"], state["session_id"])
    version = versions.get(state["tenant"], state["project"], state["version"])
    now = clock().astimezone(ZoneInfo(version.project.timezone))
    hours = version.project.transfer.hours
    open_now = hours is None or is_open(hours, now)
    told = told_hours(version, state["locale"])
    key = "transfer.done" if open_now else "transfer.out_of_hours"
    parts = [*state["parts"], Part(kind="reply", text=version.text(key, state["locale"], hours=told))]
    reason = state["transfer_reason"] or "requested"
    transfer_id = f"{state['session_id']}-{state['counters']['turns']}"
    transcript = [
        *lines(state.get("messages", [])),
        {"role": "user", "content": state["request"]["message"]},
        {"role": "assistant", "content": compose(parts)},
    ]
    veil = DeskVeil(state, version)
    packet = Packet(
        transfer_id=transfer_id,
        tenant=state["tenant"],
        project=state["project"],
        session_id=state["session_id"],
        reason=reason,
        summary=summary_of(state, version),
        locale=state["locale"],
        slots=make_packet_values(state, version),
        open_flow=state["stack"][-1]["intent"] if state["stack"] else None,
        transcript=[{**line, "content": veil(line["content"])} for line in transcript],
        confidence=state["confidence"],
    )
    await desk.announce(version, packet)
    record = TransferRecord(
        id=transfer_id,
        reason=reason,
        turn=state["counters"]["turns"],
        at=now.isoformat(),
        released=False,
        summary=packet.summary,
    )
    return DialogueUpdate(
        parts=parts, owner="person", transfer=record, outcome="transferred", asks=[], open=None, reprise=None
    )
