"""Yes and no, read by what was asked."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from dialogue.commands import Fill
from dialogue.filling import no_value, skip
from dialogue.flows import begin, start
from dialogue.reversing import cancel, keep, reverse
from dialogue.scene import OFFER_AFTER, Scene, make_plan
from dialogue.state import Frame, OpenQuestion, Plan


def affirm(scene: Scene) -> Scene:
    """The customer said yes."""
    return _YES[scene.open["kind"]](scene, scene.open) if scene.open else scene


def deny(scene: Scene) -> Scene:
    """The customer said no."""
    return _NO[scene.open["kind"]](scene, scene.open) if scene.open else scene


def accept_offer(scene: Scene, command: Fill) -> Scene | None:
    """A value for the intent that was offered, which the present flow has no need of, says yes to the offer."""
    offer, top = scene.open, scene.top
    if offer is None or offer["kind"] != "digression" or top is None:
        return None
    name = command["slot"]
    needed = name in scene.project.intents[top["intent"]].slots and name not in top["slots"]
    if needed or name not in scene.project.intents[offer["intents"][0]].slots:
        return None
    return _go_there(replace(scene, pending=(command, *scene.pending)), offer)


def _confirm(scene: Scene, question: OpenQuestion) -> Scene:
    """A yes counts only for exactly what was shown."""
    top = scene.top
    if top is None or top["flow_id"] != question["flow_id"] or top["plan"] is None:
        return scene.failed()
    if make_plan(scene, top)["hash"] != top["plan"]["hash"]:
        return scene.with_top(Frame(**{**top, "plan": None, "status": "collecting"}))
    plan = Plan(**{**top["plan"], "confirmed": True})
    return replace(scene.with_top(Frame(**{**top, "plan": plan, "status": "acting"})), open=None).made()


def _decline(scene: Scene, question: OpenQuestion) -> Scene:
    top = scene.top
    if top is None or top["flow_id"] != question["flow_id"]:
        return scene.failed()
    rest = scene.stack[:-1]
    scene = replace(scene, stack=rest, open=None, resumed=bool(rest), outcome="cancelled")
    return scene.note("confirm.declined", intent=scene.intent_title(top["intent"])).made()


def _refuse_slots(scene: Scene, question: OpenQuestion) -> Scene:
    """No to a question for a value is a refusal to give it; no to a pure yes-no slot was filled already.

    Where the question also offered a person, no is the answer to that.
    """
    names = [name for name in question["slots"] if name not in scene.touched]
    top = scene.top
    if top is None or not names:
        return scene
    if _offered_a_person(scene, question):
        # The question comes once more, without the offer.
        attempts = {name: 1 if name in names else count for name, count in top["attempts"].items()}
        return scene.with_top(Frame(**{**top, "attempts": attempts})).note("offer.declined")
    return skip(scene, names)


def _offered_a_person(scene: Scene, question: OpenQuestion) -> bool:
    attempts = scene.top["attempts"] if scene.top is not None else {}
    return max((attempts.get(name, 0) for name in question["slots"]), default=0) >= OFFER_AFTER


def _yes_to_slots(scene: Scene, question: OpenQuestion) -> Scene:
    """After two attempts the question offers a person too, and yes means that."""
    if _offered_a_person(scene, question):
        return _to_person(scene, question)
    return no_value(scene.failed(), scene.top) if scene.top else scene.failed()


def _not_an_answer(scene: Scene, _: OpenQuestion) -> Scene:
    return scene.failed()


def _first_intent(scene: Scene, question: OpenQuestion) -> Scene:
    """Yes to a clarification of one intent starts it; of several it says nothing."""
    if len(question["intents"]) != 1:
        return scene.failed()
    return start(scene, {"command": "start", "intent": question["intents"][0]})


def _go_there(scene: Scene, question: OpenQuestion) -> Scene:
    scene = begin(replace(scene, open=None), question["intents"][0])
    fills = tuple(c for c in question.get("held", []) if c["command"] == "fill")
    return replace(scene, pending=(*fills, *scene.pending))


def _stay(scene: Scene, _: OpenQuestion) -> Scene:
    scene = replace(scene, open=None).made()
    return scene.note("digression.declined", current=scene.intent_title(scene.top["intent"])) if scene.top else scene


def _resume(scene: Scene, _: OpenQuestion) -> Scene:
    return replace(scene, open=None, resumed=True).made()


def _drop(scene: Scene, _: OpenQuestion) -> Scene:
    return cancel(replace(scene, open=None))


def _to_person(scene: Scene, _: OpenQuestion) -> Scene:
    return scene.decide("transfer", "transferred", reason="requested")


def _no_person(scene: Scene, _: OpenQuestion) -> Scene:
    return replace(scene, open=None, resumed=bool(scene.stack)).note("offer.declined").made()


def _go_on(scene: Scene, _: OpenQuestion) -> Scene:
    return replace(scene, open=None, outcome="chatted").note("greeting")


def _that_was_all(scene: Scene, _: OpenQuestion) -> Scene:
    return replace(scene, open=None, outcome="chatted").note("goodbye")


def _none_of_these(scene: Scene, _: OpenQuestion) -> Scene:
    return replace(scene, open=None).note("clarify.none").failed()


_Handler = Callable[[Scene, OpenQuestion], Scene]

_YES: Mapping[str, _Handler] = {
    "slots": _yes_to_slots,
    "ambiguous": _not_an_answer,
    "confirm": _confirm,
    "clarify": _first_intent,
    "digression": _go_there,
    "reverse": reverse,
    "resume": _resume,
    "person": _to_person,
    "anything_else": _go_on,
}

_NO: Mapping[str, _Handler] = {
    "slots": _refuse_slots,
    "ambiguous": _not_an_answer,
    "confirm": _decline,
    "clarify": _none_of_these,
    "digression": _stay,
    "reverse": keep,
    "resume": _drop,
    "person": _no_person,
    "anything_else": _that_was_all,
}
