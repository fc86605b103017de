"""Taking back what the customer changed last."""

from collections.abc import Sequence
from dataclasses import replace

from dialogue.display import shown
from dialogue.filling import frame_with, share, unshared, without
from dialogue.reversing import take_back_last
from dialogue.scene import Scene, slots_of
from dialogue.state import Change, Frame


def undo(scene: Scene, slot: str | None = None) -> Scene:
    """Take back the last change that a flow on the stack still holds, with all that its message corrected beside it.

    Where the customer names a slot that was corrected, its last change alone.
    """
    flows = {frame["flow_id"]: frame for frame in scene.stack}
    held = [change for change in scene.changes if change["flow_id"] in flows]
    if not held:
        return take_back_last(scene)
    named = [each for each in held if each["slot"] == slot and _had_value(flows[each["flow_id"]], each["slot"])]
    together = named[-1:] or _of_one_message(held, flows[held[-1]["flow_id"]])
    scene = replace(scene, changes=tuple(change for change in scene.changes if change not in together))
    for change in reversed(together):
        scene = _restored(scene, change)
    return _told(scene, together).made()


def _of_one_message(held: Sequence[Change], frame: Frame) -> list[Change]:
    """The last change and, where it corrected something, the other corrections of its turn."""
    last = held[-1]
    same = [
        change for change in held if change["flow_id"] == frame["flow_id"] and change.get("turn") == last.get("turn")
    ]
    fallen = {slot for change in same for slot in change.get("cleared", {})}
    corrections = [change for change in same if change["slot"] in fallen or _had_value(frame, change["slot"])]
    return corrections if "turn" in last and last in corrections else [last]


def _had_value(frame: Frame, slot: str) -> bool:
    known = frame["slots"].get(slot)
    return known is not None and known["previous"] is not None


def _restored(scene: Scene, change: Change) -> Scene:
    """The scene with what the slot, and what depended on it, held before."""
    frame, name = _frame_of(scene, change), change["slot"]
    slot = slots_of(scene, frame)[name]
    known = frame["slots"].get(name)
    before = known["previous"] if known else None
    if before is None:
        scene = unshared(scene.with_frame(without(frame, {name})), name, slot)
    else:
        scene = share(scene.with_frame(frame_with(frame, name, before)), name, slot, before["value"])
    frame = _frame_of(scene, change)
    return scene.with_frame(Frame(**{**frame, "slots": {**change.get("cleared", {}), **frame["slots"]}}))


def _told(scene: Scene, together: Sequence[Change]) -> Scene:
    """What is in force again, or forgotten."""
    frame = _frame_of(scene, together[-1])
    specs, again, forgotten = slots_of(scene, frame), [], []
    changed = {change["slot"] for change in together}
    for name in (each for each in specs if each in changed):
        title, known = scene.slot_title(name, specs[name]), frame["slots"].get(name)
        if known is None:
            forgotten.append(title)
        else:
            again.append({"title": title, "value": shown(specs[name], known["value"], scene.locale)})
    if len(again) == 1:
        scene = scene.note("undo.restored", **again[0])
    elif again:
        scene = scene.note("undo.restored.several", arguments=again)
    return scene.note("undo.cleared", title=forgotten[0] if len(forgotten) == 1 else forgotten) if forgotten else scene


def _frame_of(scene: Scene, change: Change) -> Frame:
    return next(frame for frame in scene.stack if frame["flow_id"] == change["flow_id"])
