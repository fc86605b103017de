"""Slots: filling, correcting, taking back, refusing."""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import JsonValue

from config.project import Slot
from dialogue.ambiguity import ask_which, settled
from dialogue.commands import Fill
from dialogue.display import readable, shown
from dialogue.reversing import take_back
from dialogue.scene import MAX_CHANGES, Correction, Scene, author_text, record, shared_variable, slots_of
from dialogue.state import Change, Frame, SlotRecord
from dialogue.values import Judgement, bound_text, judge

_MOMENTS = ("date", "time", "datetime")


def fill(scene: Scene, command: Fill) -> Scene:
    """Take a value into the flow it is meant for: the open one, one that waits, or tell that it is too late."""
    frame = _target(scene, command["slot"])
    if frame is None:
        return _too_late(scene, command["slot"])
    slot = slots_of(scene, frame)[command["slot"]]
    if command["value"] is None:
        scene = replace(scene, touched=scene.touched | {command["slot"]})
        return _clear(scene, frame, command["slot"], slot)
    if isinstance(_allowed(scene, slot, command), str):
        late = _waiting_for(scene, frame, slot, command)
        if late is not None:
            return _take(scene, late[0], {**command, "slot": late[1]})
    return _take(scene, frame, command)


def _take(scene: Scene, frame: Frame, command: Fill) -> Scene:
    name = command["slot"]
    slot = slots_of(scene, frame)[name]
    scene = replace(scene, touched=scene.touched | {name})
    values = _allowed(scene, slot, command)
    if isinstance(values, str):
        return _refuse(scene, frame, name, slot, values)
    if len(values) > 1:
        return ask_which(scene, frame, name, slot, values)
    return _store(scene, frame, slot, {**command, "value": values[0]})


def skip(scene: Scene, names: Sequence[str]) -> Scene:
    """Leave optional slots out; required ones are explained and asked for again."""
    left: list[str] = []
    needed: list[str] = []
    for name in names:
        frame = _target(scene, name)
        if frame is None:
            continue
        slot = slots_of(scene, frame)[name]
        scene = replace(scene, touched=scene.touched | {name})
        if slot.required:
            scene = _count_attempt(scene, frame, name)
            needed.append(scene.slot_title(name, slot))
        else:
            skipped = record(None, source="customer", turn=scene.turn, verdict="skipped")
            scene = scene.with_frame(frame_with(frame, name, skipped))
            left.append(scene.slot_title(name, slot))
    if left:
        scene = scene.note("skip.done", title=_one_or_all(left)).made()
    return scene.note("skip.required", title=_one_or_all(needed)).failed() if needed else scene


def _one_or_all(titles: list[str]) -> str | list[str]:
    return titles[0] if len(titles) == 1 else titles


def why(scene: Scene, name: str | None) -> Scene:
    """Say why a slot is needed; the question comes again afterwards."""
    asked = scene.open["slots"] if scene.open else []
    name = name or (asked[0] if asked else None)
    frame = _target(scene, name) if name else None
    if name is None or frame is None:
        return _why_at_all(scene)
    slot = slots_of(scene, frame)[name]
    own = author_text(scene, frame, slot.why)
    scene = replace(scene, touched=scene.touched | {name})
    intent = scene.intent_title(frame["intent"])
    return scene.say("note", own or scene.text("why.default", title=scene.slot_title(name, slot), intent=intent))


def _why_at_all(scene: Scene) -> Scene:
    if scene.open is not None and scene.open["kind"] == "confirm" and scene.top is not None:
        return scene.note("why.confirm", intent=scene.intent_title(scene.top["intent"]))
    return scene.note("why.nothing")


def no_value(scene: Scene, frame: Frame) -> Scene:
    """Nothing usable for what was asked: count it for each slot, explain it for the first."""
    names = [
        n for n in (scene.open["slots"] if scene.open else []) if n not in frame["slots"] and n not in scene.touched
    ]
    if not names:
        return scene
    attempts = {**frame["attempts"], **{name: frame["attempts"].get(name, 0) + 1 for name in names}}
    scene = scene.with_frame(Frame(**{**frame, "attempts": attempts}))
    slot = slots_of(scene, frame)[names[0]]
    own = author_text(scene, frame, slot.wrong_type)
    return scene.say("note", own or complaint(scene, names[0], slot, "wrong_type"))


def _target(scene: Scene, name: str) -> Frame | None:
    """The flow a slot belongs to: one begun in this message first, then from the top down."""
    begun = [f for f in reversed(scene.stack) if f["flow_id"] in scene.started]
    others = [f for f in reversed(scene.stack) if f["flow_id"] not in scene.started]
    return next((f for f in (*begun, *others) if name in scene.project.intents[f["intent"]].slots), None)


def _waiting_for(scene: Scene, frame: Frame, slot: Slot, command: Fill) -> tuple[Frame, str] | None:
    """The flow that waits, and its slot, that had asked for just such a value as the one refused here."""
    for waiting in reversed([f for f in scene.stack if f["flow_id"] != frame["flow_id"]]):
        for name in waiting["asked"]:
            spec = slots_of(scene, waiting).get(name)
            if spec is None or name in waiting["slots"] or spec.type != slot.type or _takes_anything(spec):
                continue
            if not isinstance(_allowed(scene, spec, command), str):
                return waiting, name
    return None


def _takes_anything(slot: Slot) -> bool:
    """Whether nearly any words would do, so that fitting it proves nothing."""
    return slot.type in ("text", "name", "id") and slot.pattern is None and slot.format is None


def _too_late(scene: Scene, name: str) -> Scene:
    done = next((f for f in reversed(scene.finished) if name in f["slots"] and f["status"] == "done"), None)
    if done is None or scene.stack:
        return scene
    return take_back(scene, done, asked=False).made()


def _allowed(scene: Scene, slot: Slot, command: Fill) -> list[JsonValue] | Judgement:
    """The readings the slot allows, or what is wrong with the first."""
    readings = command.get("candidates") or [command["value"]]
    judged = [(value, judge(slot, value, scene.now)) for value in readings]
    allowed = [value for value, verdict in judged if verdict == "valid"]
    return allowed or judged[0][1]


def _store(scene: Scene, frame: Frame, slot: Slot, command: Fill) -> Scene:
    name, value, quote = command["slot"], command["value"], command["quote"]
    known = frame["slots"].get(name)
    scene = settled(scene, frame, name)
    if known is not None and known["value"] == value and known["verdict"] == "valid":
        return scene.made()
    new = record(value, source="customer", turn=scene.turn, quote=quote, previous=known)
    whole = frame_with(frame, name, new)
    frame = _without_dependents(scene, whole, name)
    change = Change(flow_id=frame["flow_id"], slot=name, turn=scene.turn)
    cleared = {slot: one for slot, one in whole["slots"].items() if slot not in frame["slots"]}
    if cleared:
        change["cleared"] = cleared
    changes = (*scene.changes, change)[-MAX_CHANGES:]
    scene = replace(scene.with_frame(frame), changes=changes).made()
    scene = share(scene, name, slot, value)
    waits = scene.top is not None and scene.top["flow_id"] != frame["flow_id"]
    if known is None and waits and frame["flow_id"] not in scene.started:
        told = [{"title": scene.slot_title(name, slot), "value": shown(slot, value, scene.locale)}]
        return scene.note("noted", arguments=told)
    carried = known is not None and known["source"] == "profile" and frame["flow_id"] in scene.started
    if known is None or carried or known["verdict"] == "skipped" or known["source"] == "default":
        return scene
    return _corrected(scene, frame, scene.slot_title(name, slot), shown(slot, value, scene.locale))


def _corrected(scene: Scene, frame: Frame, title: str, value: str) -> Scene:
    """Remember what to tell: several corrections of one message are told in one sentence."""
    made = Correction(flow_id=frame["flow_id"], title=title, value=value, after=len(scene.parts))
    return replace(scene, corrections=(*scene.corrections, made))


def share(scene: Scene, name: str, slot: Slot, value: JsonValue) -> Scene:
    """The session knows a value that its intents share."""
    variable = shared_variable(scene.project, name, slot)
    return scene if variable is None else replace(scene, variables={**scene.variables, variable: value})


def unshared(scene: Scene, name: str, slot: Slot) -> Scene:
    """The session no longer knows a value that was taken back."""
    variable = shared_variable(scene.project, name, slot)
    return replace(scene, variables={key: value for key, value in scene.variables.items() if key != variable})


def frame_with(frame: Frame, name: str, known: SlotRecord) -> Frame:
    """The flow with a slot set; whatever was confirmed before no longer holds."""
    attempts = {slot: count for slot, count in frame["attempts"].items() if slot != name}
    slots = {**frame["slots"], name: known}
    return Frame(**{**frame, "slots": slots, "attempts": attempts, "plan": None, "status": "collecting"})


def without(frame: Frame, names: set[str]) -> Frame:
    """The flow without the values of these slots."""
    slots = {slot: known for slot, known in frame["slots"].items() if slot not in names}
    return Frame(**{**frame, "slots": slots, "plan": None, "status": "collecting"})


def _without_dependents(scene: Scene, frame: Frame, name: str) -> Frame:
    """A correction clears what depends on the slot, directly or through others, and nothing else.

    What the same message gave was given for what is corrected by it.
    """
    if not frame["slots"][name]["previous"]:
        return frame
    specs = slots_of(scene, frame)
    stale: set[str] = set()
    grown = {name}
    while grown:
        grown = {slot for slot, spec in specs.items() if grown & set(spec.depends_on)} - stale
        stale |= grown
    given = {slot for slot, known in frame["slots"].items() if known["turn"] == scene.turn and known["quote"]}
    return without(frame, stale - {name} - given)


def _clear(scene: Scene, frame: Frame, name: str, slot: Slot) -> Scene:
    """The customer took a value back without giving another: it is asked for again."""
    if name not in frame["slots"]:
        return scene
    scene = unshared(scene.with_frame(without(frame, {name})), name, slot)
    return scene.note("correct.ask", title=scene.slot_title(name, slot)).made()


def _count_attempt(scene: Scene, frame: Frame, name: str) -> Scene:
    attempts = {**frame["attempts"], name: frame["attempts"].get(name, 0) + 1}
    return scene.with_frame(Frame(**{**frame, "attempts": attempts}))


def _refuse(scene: Scene, frame: Frame, name: str, slot: Slot, verdict: str) -> Scene:
    """Explain what is wrong with a value; a wrong type and a value not allowed are different texts."""
    scene = _count_attempt(scene, frame, name).failed()
    own = slot.wrong_type if verdict == "wrong_type" else slot.invalid
    text = author_text(scene, frame, own)
    return scene.say("note", text or complaint(scene, name, slot, verdict))


def complaint(scene: Scene, name: str, slot: Slot, verdict: str) -> str:
    """The built-in explanation of what is wrong with a value."""
    title = scene.slot_title(name, slot)
    choices = [shown(slot, key, scene.locale) for key in slot.choices]
    if verdict == "wrong_type":
        return scene.text(f"wrong_type.{slot.type}", title=title, choices=choices)
    if verdict in ("too_small", "too_large"):
        limit = slot.min if verdict == "too_small" else slot.max
        moment = {"too_small": "too_early", "too_large": "too_late"} if slot.type in _MOMENTS else {}
        return scene.text(f"invalid.{moment.get(verdict, verdict)}", title=title, limit=_limit(scene, slot, limit))
    return (
        scene.text("invalid.choice", title=title, choices=choices)
        if choices
        else scene.text("invalid.other", title=title)
    )


def _limit(scene: Scene, slot: Slot, limit: float | str | None) -> object:
    if slot.type == "money" and isinstance(limit, int | float) and slot.currency:
        return readable({"amount": limit, "currency": slot.currency}, scene.locale)
    if isinstance(limit, str) and slot.type in _MOMENTS:
        return readable(bound_text(limit, scene.now, day=slot.type == "date"), scene.locale)
    return readable(limit, scene.locale)
