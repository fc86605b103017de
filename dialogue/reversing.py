"""Cancelling what is going on, and the customer's change of mind about what is done."""

from dataclasses import replace

from pydantic import JsonValue

from config.project import Project
from dialogue.flows import begin, may_start
from dialogue.scene import Scene, as_slot_value, record, shared_variable, slots_of
from dialogue.state import Frame, OpenQuestion, SlotRecord
from dialogue.values import judge


def cancel(scene: Scene) -> Scene:
    """Drop the flow on top and nothing else."""
    if scene.top is None:
        return _nothing_to_cancel(scene)
    gone = scene.top
    scene = replace(scene, stack=scene.stack[:-1], open=None, resumed=bool(scene.stack[:-1]), outcome="cancelled")
    return scene.note("cancelled", intent=scene.intent_title(gone["intent"])).made()


def _nothing_to_cancel(scene: Scene) -> Scene:
    """No flow is open: none of the offered ones is wanted, or what was changed last is to be taken back."""
    if scene.open is not None and scene.open["kind"] == "clarify":
        return replace(scene, open=None).note("clarify.none")
    if scene.open is not None and scene.open["kind"] == "reverse":
        return keep(scene, scene.open)
    last = scene.finished[-1] if scene.finished else None
    return (
        take_back(scene, last)
        if last is not None and changed_something(scene.project, last)
        else scene.note("cancel.nothing")
    )


def take_back_last(scene: Scene) -> Scene:
    """The customer wants undone what was done last; what only told something cannot be undone."""
    done = next((frame for frame in reversed(scene.finished) if changed_something(scene.project, frame)), None)
    return scene.note("undo.nothing") if done is None else take_back(scene, done)


def take_back(scene: Scene, done: Frame, *, asked: bool = True) -> Scene:
    """Begin the intent that the author named for it, or offer it; without one, say that it is too late.

    `asked` says whether the customer wants it taken back, and not only different. Where the reversal asks for a yes by
    itself, that question is the offer.
    """
    intent, title = _reversal(scene, done), scene.intent_title(done["intent"])
    if intent is None or scene.stack:
        return scene.note("undo.done", intent=title)
    if asked and scene.project.needs_confirmation(intent):
        return _begin(scene.note("undo.with", intent=title, undo=scene.intent_title(intent)), done, intent)
    text = scene.text("undo.offer", intent=title, undo=scene.intent_title(intent))
    offer = OpenQuestion(kind="reverse", flow_id=done["flow_id"], slots=[], intents=[intent], candidates=[], text=text)
    return replace(scene, open=offer).decide("ask", "clarifying").made()


def reverse(scene: Scene, offer: OpenQuestion) -> Scene:
    """Yes to the offer."""
    done = next((frame for frame in scene.finished if frame["flow_id"] == offer["flow_id"]), None)
    intent = offer["intents"][0]
    if done is None or not may_start(scene, intent):
        return replace(scene, open=None).note("intent.unavailable", intent=scene.intent_title(intent)).failed()
    return _begin(replace(scene, open=None), done, intent)


def keep(scene: Scene, _: OpenQuestion) -> Scene:
    """No to the offer."""
    return replace(scene, open=None, outcome="cancelled").note("undo.kept").made()


def changed_something(project: Project, frame: Frame) -> bool:
    """Whether a finished flow did more than look something up."""
    spec = project.intents.get(frame["intent"])
    return spec is not None and spec.action is not None and project.actions[spec.action].writes


def _reversal(scene: Scene, done: Frame) -> str | None:
    """The intent that takes it back, where it may begin now."""
    named = scene.project.intents[done["intent"]].undo_with
    return named if named is not None and may_start(scene, named) else None


def _begin(scene: Scene, done: Frame, intent: str) -> Scene:
    """The reversal, with what is known of the very deed it takes back."""
    scene = begin(scene, intent)
    frame = scene.stack[-1]
    return scene.with_top(Frame(**{**frame, "slots": {**frame["slots"], **_of_the_deed(scene, done, frame)}}))


def _of_the_deed(scene: Scene, done: Frame, frame: Frame) -> dict[str, SlotRecord]:
    """Values of the deed's result, and those it was done with, for the slots of the same names."""
    known: dict[str, SlotRecord] = {}
    results: dict[str, JsonValue] = done.get("results", {})
    for name, slot in slots_of(scene, frame).items():
        variable = shared_variable(scene.project, name, slot) or name
        given = done["slots"].get(name)
        if variable in results:
            value = as_slot_value(slot, results[variable])
        elif given is not None and given["verdict"] == "valid":
            value = given["value"]
        else:
            continue
        if judge(slot, value, scene.now) == "valid":
            known[name] = record(value, source="api" if variable in results else "profile", turn=scene.turn)
    return known
