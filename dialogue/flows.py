"""Flows on the stack: beginning, stacking, ending."""

from collections.abc import Collection
from dataclasses import replace

from config.templates import TemplateError, evaluate
from dialogue.commands import Command, Fill, Start
from dialogue.scene import MAX_FINISHED, MAX_STACK, Scene, new_frame, shared_variable
from dialogue.state import Frame, OpenQuestion


def start(scene: Scene, command: Start) -> Scene:
    """Begin an intent now, after the present one, or only after asking, as the present flow says."""
    intent = command["intent"]
    waiting = next((f for f in scene.stack if f["intent"] == intent), None)
    if waiting is not None:
        return _to_top(scene, waiting)
    if not may_start(scene, intent):
        return scene.note("intent.unavailable", intent=scene.intent_title(intent)).failed()
    top = scene.top
    if scene.started or (top is not None and top["status"] == "acting"):
        return _behind(scene, intent)
    rule = scene.project.intents[top["intent"]].digressions if top else "allow"
    if rule == "block" and top is not None:
        title = scene.intent_title(top["intent"])
        return scene.note("digression.blocked", intent=scene.intent_title(intent), current=title)
    if rule == "ask" and top is not None:
        return _offer(scene, intent, top)
    return begin(scene, intent)


def begin(scene: Scene, intent: str) -> Scene:
    """Put a new flow on top of the stack."""
    frame = new_frame(scene, intent)
    stack = (*scene.stack, frame)[-MAX_STACK:]
    pending = (*_held_for(scene.open, intent, scene.project.intents[intent].slots), *scene.pending)
    scene = replace(scene, stack=stack, started=(*scene.started, frame["flow_id"]), open=None, pending=pending).made()
    return replace(scene, outcome=None)


def _held_for(question: OpenQuestion | None, intent: str, slots: Collection[str]) -> list[Command]:
    """The values that the message which left open what was meant gave for this intent, or else for its slots."""
    if question is None or question["kind"] != "clarify":
        return []
    own: list[Fill] = []
    others: dict[str, Fill] = {}
    meant = None
    for command in question.get("held", []):
        if command["command"] == "start":
            meant = command["intent"]
        elif command["command"] == "fill" and meant == intent:
            own.append(command)
        elif command["command"] == "fill" and command["slot"] in slots:
            others[command["slot"]] = command
    known = {command["slot"] for command in own}
    return [*own, *(command for slot, command in others.items() if slot not in known)]


def may_start(scene: Scene, intent: str) -> bool:
    """Whether the intent's guard holds; a guard that reads what is not known does not."""
    guard = scene.project.intents[intent].when
    if guard is None:
        return True
    slots = {
        name: scene.variables[variable]
        for spec in (scene.project.slots, scene.project.slots_of(intent))
        for name, slot in spec.items()
        if (variable := shared_variable(scene.project, name, slot)) is not None and variable in scene.variables
    }
    values = {"slots": slots, "variables": dict(scene.variables), "locale": scene.locale}
    try:
        return bool(evaluate(guard, values))
    except TemplateError:
        return False


def restart(scene: Scene) -> Scene:
    """Forget every flow and what was collected; the transcript stays."""
    scene = replace(scene, stack=(), open=None, changes=(), variables={}, finished=(), outcome="cancelled")
    return scene.note("restarted").made()


def end(scene: Scene) -> Scene:
    """Take the finished flow off the stack; the one below, if any, is resumed."""
    done = Frame(**{**scene.stack[-1], "status": "done"})
    finished = (*scene.finished, done)[-MAX_FINISHED:]
    rest = scene.stack[:-1]
    return replace(scene, stack=rest, finished=finished, open=None, resumed=bool(rest))


def _to_top(scene: Scene, frame: Frame) -> Scene:
    """The customer returns to a flow that waits."""
    others = tuple(f for f in scene.stack if f["flow_id"] != frame["flow_id"])
    return replace(scene, stack=(*others, frame), open=None, resumed=True).made()


def _behind(scene: Scene, intent: str) -> Scene:
    """A second intent of the same message is done after the first, or after the action just agreed to."""
    frame = new_frame(scene, intent)
    begun = (i for i, f in enumerate(scene.stack) if f["flow_id"] in scene.started)
    position = next(begun, len(scene.stack) - 1)
    stack = (*scene.stack[:position], frame, *scene.stack[position:])[-MAX_STACK:]
    scene = replace(scene, stack=stack, started=(*scene.started, frame["flow_id"]))
    return scene.note("queued", intent=scene.intent_title(intent)).made()


def _offer(scene: Scene, intent: str, top: Frame) -> Scene:
    """Ask before leaving the present flow for another."""
    text = scene.text("digression.ask", intent=scene.intent_title(intent), current=scene.intent_title(top["intent"]))
    held: list[Command] = [
        Start(command="start", intent=intent),
        *[c for c in scene.pending if c["command"] == "fill" and c["slot"] in scene.project.intents[intent].slots],
    ]
    question = OpenQuestion(
        kind="digression", flow_id=None, slots=[], intents=[intent], candidates=[], text=text, held=held
    )
    kept = tuple(c for c in scene.pending if c not in held)
    return replace(scene, open=question, pending=kept).decide("ask", "clarifying").made()
