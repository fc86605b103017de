"""What is asked next, and in which words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from config.project import Slot
from dialogue.commands import Command
from dialogue.display import shown
from dialogue.flows import end
from dialogue.scene import OFFER_AFTER, Scene, make_plan, missing, own_words, slots_of, spec_of, with_shared
from dialogue.state import Frame, OpenQuestion, Outcome, Part, Plan

_OUTCOMES: Mapping[str, Outcome] = {
    "confirm": "confirming",
    "clarify": "clarifying",
    "digression": "clarifying",
    "reverse": "clarifying",
}
_FULL_WIDTH = "。？！；：，、）”」"
"""Marks that hold the space after them."""


def choose_next(scene: Scene) -> Scene:
    """Decide the turn: what was decided already, the open question, the top flow's next step, or nothing."""
    if scene.verdict is not None:
        return scene
    if scene.open is not None and scene.open["kind"] == "ambiguous":
        return _put(scene, scene.open)
    if scene.top is None:
        return _idle(scene)
    frame = with_shared(scene, scene.top)
    scene = scene.with_frame(frame)
    gaps = missing(scene, frame)
    return ask_slots(scene, frame, gaps) if gaps else _complete(scene, frame)


def ask_slots(scene: Scene, frame: Frame, gaps: Sequence[str]) -> Scene:
    """Ask for the next slots: the author's order, grouped, at most as many as the project allows."""
    names = _together(scene, frame, gaps)
    scene = _announce(scene, frame)
    text = _question_text(scene, frame, names)
    question = OpenQuestion(kind="slots", flow_id=frame["flow_id"], slots=names, intents=[], candidates=[], text=text)
    asked = [*frame["asked"], *(name for name in names if name not in frame["asked"])]
    scene = scene.with_frame(Frame(**{**frame, "asked": asked, "status": "collecting"}))
    return _put(scene, question)


def tell_corrections(scene: Scene) -> Scene:
    """Say what was replaced in this turn, all at once, unless the confirmation that comes shows it."""
    made = scene.corrections
    if not made or _shown_anew(scene):
        return scene
    if len(made) == 1:
        text = scene.text("corrected", title=made[0].title, value=made[0].value)
    else:
        text = scene.text("corrected.several", arguments=[{"title": m.title, "value": m.value} for m in made])
    said = Part(kind="note", text=text)
    place = made[0].after
    return replace(scene, parts=(*scene.parts[:place], said, *scene.parts[place:]), corrections=())


def _shown_anew(scene: Scene) -> bool:
    """Whether all that was replaced will stand in a confirmation that was asked for before."""
    top = scene.top
    if scene.verdict is not None or top is None or not _asked_before(scene, top):
        return False
    return all(made.flow_id == top["flow_id"] for made in scene.corrections) and not missing(scene, top)


def _asked_before(scene: Scene, frame: Frame) -> bool:
    """Whether the question that is open asks for a yes to this flow."""
    return scene.open is not None and scene.open["kind"] == "confirm" and scene.open["flow_id"] == frame["flow_id"]


def ask_confirmation(scene: Scene, frame: Frame, plan: Plan) -> Scene:
    """Show exactly what will be done and ask for a yes; bound to the plan's hash."""
    anew = _asked_before(scene, frame) and bool(scene.touched) and frame["plan"] is None
    scene = _announce(scene if _asked_before(scene, frame) else _done_before(scene, frame, plan), frame)
    arguments = [
        {"title": scene.slot_title(name, slot), "value": shown(slot, plan["arguments"][name], scene.locale)}
        for name, slot in slots_of(scene, frame).items()
        if name in plan["arguments"]
    ]
    key = "confirm.again" if anew else "confirm.ask"
    text = scene.text(key, intent=scene.intent_title(frame["intent"]), arguments=arguments)
    question = OpenQuestion(kind="confirm", flow_id=frame["flow_id"], slots=[], intents=[], candidates=[], text=text)
    return _put(scene.with_frame(Frame(**{**frame, "plan": plan, "status": "confirming"})), question)


def _done_before(scene: Scene, frame: Frame, plan: Plan) -> Scene:
    """Warn of doing exactly the same a second time."""
    done = any(past["plan"] is not None and past["plan"]["hash"] == plan["hash"] for past in scene.finished)
    return scene.note("action.twice", intent=scene.intent_title(frame["intent"])) if done else scene


def ask_clarification(scene: Scene, intents: Sequence[str], held: Sequence[Command] = ()) -> Scene:
    """Ask once, by titles, which of several intents is meant; `held` is given to the one that is chosen."""
    titles = [scene.intent_title(name) for name in intents]
    one = len(titles) == 1
    text = scene.text("clarify.one", intent=titles[0]) if one else scene.text("clarify.ask", choices=titles)
    question = OpenQuestion(kind="clarify", flow_id=None, slots=[], intents=list(intents), candidates=[], text=text)
    if held:
        question["held"] = list(held)
    return _put(scene, question)


def ask_resume(scene: Scene, frame: Frame) -> Scene:
    """Offer an interrupted flow again after a long silence."""
    text = scene.text("resume.ask", intent=scene.intent_title(frame["intent"]))
    question = OpenQuestion(
        kind="resume", flow_id=frame["flow_id"], slots=[], intents=[frame["intent"]], candidates=[], text=text
    )
    return _put(scene, question)


def ask_again(scene: Scene, question: OpenQuestion) -> Scene:
    """Ask what was asked once more, in the same words."""
    return _put(scene, question)


def _put(scene: Scene, question: OpenQuestion) -> Scene:
    natural = _OUTCOMES.get(question["kind"], "asked")
    asks = tuple(question["slots"])
    return replace(scene, open=question).decide("ask", scene.outcome or natural, asks=asks)


def _announce(scene: Scene, frame: Frame) -> Scene:
    """A flow that comes back to the top, or that another now waits for, is announced before its question."""
    if not scene.resumed:
        return _before_another(scene, frame)
    # What was only queued so far has nothing to go back to.
    key = "resume" if frame["asked"] or frame["plan"] is not None else "next"
    return replace(scene, resumed=False).note(key, intent=scene.intent_title(frame["intent"]))


def _before_another(scene: Scene, frame: Frame) -> Scene:
    waiting = [f for f in scene.stack[:-1] if f["flow_id"] not in scene.started]
    if frame["flow_id"] not in scene.started or not waiting:
        return scene
    titles = {"intent": scene.intent_title(frame["intent"]), "current": scene.intent_title(waiting[-1]["intent"])}
    return scene.note("digression.stacked", **titles)


def _together(scene: Scene, frame: Frame, gaps: Sequence[str]) -> list[str]:
    """The first gap, with those of its group, or with the next in order where the author grouped nothing."""
    most = scene.project.limits.max_params_per_question
    specs = slots_of(scene, frame)
    first = specs[gaps[0]].group
    if any(slot.group for slot in specs.values()):
        mates = [name for name in gaps if specs[name].group == first] if first else [gaps[0]]
        return mates[:most]
    # A value whose answer decides others' meaning is asked for alone.
    together: list[str] = []
    for name in gaps:
        if set(specs[name].depends_on) & set(together):
            break
        together.append(name)
    return together[:most]


def _question_text(scene: Scene, frame: Frame, names: Sequence[str]) -> str:
    specs = slots_of(scene, frame)
    text = _asking(scene, frame, {name: specs[name] for name in names})
    hardest = max(names, key=lambda name: frame["attempts"].get(name, 0))
    attempts = frame["attempts"].get(hardest, 0)
    if attempts >= OFFER_AFTER:
        before = scene.text("reprompt.2", title=scene.slot_title(hardest, specs[hardest]))
        return in_a_row([before, text, scene.text("offer.person")])
    return in_a_row([text, _example(scene, specs[hardest]) if attempts else ""])


def _example(scene: Scene, slot: Slot) -> str:
    """How a value may be written; none where the author's bounds may not allow the one that is shown."""
    return "" if slot.min is not None or slot.max is not None else scene.text(f"example.{slot.type}")


def _asking(scene: Scene, frame: Frame, wanted: Mapping[str, Slot]) -> str:
    """The author's questions one after the other; slots with neither such words nor choices in one sentence."""
    if len(wanted) > 1 and all(slot.ask is None and not slot.choices for slot in wanted.values()):
        return scene.text("ask.group", titles=[scene.slot_title(name, slot) for name, slot in wanted.items()])
    return in_a_row([_ask_text(scene, frame, name, slot) for name, slot in wanted.items()])


def in_a_row(sentences: Iterable[str]) -> str:
    """Sentences as one text: with a space between them, but none after a full-width mark."""
    text = ""
    for sentence in filter(None, sentences):
        text += sentence if not text or text[-1] in _FULL_WIDTH else f" {sentence}"
    return text


def _ask_text(scene: Scene, frame: Frame, name: str, slot: Slot) -> str:
    own = scene.project.say(slot.ask, scene.locale)
    if own is not None:
        return own_words(scene, frame, own)
    choices = [shown(slot, key, scene.locale) for key in slot.choices]
    return scene.text(f"ask.{slot.type}", title=scene.slot_title(name, slot), choices=choices)


def _complete(scene: Scene, frame: Frame) -> Scene:
    """Everything needed is known: act, ask for a yes, hand over, or say the reply."""
    spec = spec_of(scene, frame)
    if spec.action is not None:
        return _act(scene, frame)
    if spec.transfer:
        return scene.made().decide("transfer", "transferred", reason="policy")
    reply = scene.project.say(spec.reply, scene.locale)
    text = (
        own_words(scene, frame, reply)
        if reply
        else scene.text("action.done", intent=scene.intent_title(frame["intent"]))
    )
    scene = end(scene.say("reply", text).made())
    return choose_next(replace(scene, outcome=scene.outcome or "answered"))


def _act(scene: Scene, frame: Frame) -> Scene:
    plan = make_plan(scene, frame)
    known = frame["plan"]
    confirmed = known is not None and known["confirmed"] and known["hash"] == plan["hash"]
    if not confirmed and scene.project.needs_confirmation(frame["intent"]):
        return ask_confirmation(scene, frame, plan)
    acting = Frame(**{**frame, "plan": Plan(**{**plan, "confirmed": True}), "status": "acting"})
    return replace(scene.with_frame(acting), open=None).made().decide("act", "acted")


def _idle(scene: Scene) -> Scene:
    """No flow is open: what was said stands; after an action the customer is asked what else there is."""
    if scene.outcome == "acted" and scene.question is None and not scene.pending:
        text = scene.text("completed")
        question = OpenQuestion(kind="anything_else", flow_id=None, slots=[], intents=[], candidates=[], text=text)
        return _put(replace(scene, resumed=False), question)
    return replace(scene, resumed=False).decide("done" if scene.parts else "reply", scene.outcome or "chatted")
