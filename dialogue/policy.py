"""The dialogue policy: commands and a scene in, what to say and do next out. Pure.

A turn is carried out in two movements. Every command changes the scene, in the order `dialogue.tidy` puts them; then
`choose_next` looks at the top of the stack. A step that decides the turn (a person is wanted, another intent is to be
asked about) ends it; a question of the customer's is answered first and the open question comes back after it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import takewhile

from dialogue.ambiguity import ask_which_again
from dialogue.asking import ask_again, ask_clarification, ask_resume, choose_next, tell_corrections
from dialogue.assent import accept_offer, affirm, deny
from dialogue.commands import Act, Chat, Clarify, Command, Question, Unclear
from dialogue.display import readable
from dialogue.filling import fill, no_value, skip, why
from dialogue.flows import restart, start
from dialogue.reversing import cancel
from dialogue.scene import Scene, intent_titles
from dialogue.undoing import undo

SECOND = 2
"""The silence after which the bot waits aloud; after the next it rests."""

ESCALATING = ("no_match", "unreadable", "unsupported")
"""Reasons of `unclear` that count as a failure of ours; an empty or endless message is not one."""


def advance(scene: Scene, *, expired: bool = False) -> Scene:
    """Carry out the pending commands and decide what is next; the result always has a verdict."""
    if expired:
        scene = replace(scene, pending=tuple(c for c in scene.pending if not _idle_words(c, scene)))
    scene = tell_corrections(_apply_all(scene))
    if scene.verdict is None and expired and scene.top is not None and scene.progress == "neutral":
        return ask_resume(scene, scene.top)
    return _closed(_answer_first(choose_next(scene)))


def _idle_words(command: Command, scene: Scene) -> bool:
    """Words that add nothing to a return: the bot has greeted, and what was open is not, so a yes answers nothing."""
    if command["command"] == "chat":
        return command["topic"] == "greeting" or (command["topic"] == "smalltalk" and scene.top is not None)
    return command["command"] == "unclear" and scene.top is not None


def _apply_all(scene: Scene) -> Scene:
    while scene.pending and scene.verdict is None:
        command, rest = scene.pending[0], scene.pending[1:]
        if command["command"] == "skip":
            skipped = list(takewhile(lambda each: each["command"] == "skip", scene.pending))
            names = [each["slot"] for each in skipped if each["command"] == "skip"]
            scene = skip(replace(scene, pending=scene.pending[len(names) :]), names)
            continue
        scene = apply(replace(scene, pending=rest), command)
    return scene


def apply(scene: Scene, command: Command) -> Scene:
    """The scene after one command."""
    if command["command"] == "start":
        return start(scene, command)
    if command["command"] == "fill":
        return accept_offer(scene, command) or fill(scene, command)
    if command["command"] == "skip":
        return skip(scene, [command["slot"]])
    if command["command"] == "why":
        return why(scene, command["slot"])
    if command["command"] == "undo":
        return undo(scene, command.get("slot"))
    return _apply_beside(scene, command)


def _apply_beside(scene: Scene, command: Act | Question | Chat | Clarify | Unclear) -> Scene:
    """Commands that are about the conversation rather than about a slot or an intent."""
    if command["command"] == "question":
        return _question(scene, command)
    if command["command"] == "chat":
        return _chat(scene, command)
    if command["command"] == "clarify":
        return _clarify(scene, command)
    if command["command"] == "unclear":
        return _unclear(scene, command["reason"])
    return _ACTS[command["command"]](scene)


def _answer_first(scene: Scene) -> Scene:
    """A question beside the flow is answered before the flow's own question, but after an action that is due."""
    verdict = scene.verdict
    if scene.question is None or verdict is None or verdict["next"] == "transfer":
        return scene
    if verdict["next"] == "act":
        asked: Question = {"command": "question", "text": scene.question}
        return replace(scene, pending=(*scene.pending, asked))
    if verdict["next"] == "ask" and scene.open is not None:
        scene = replace(scene, reprise=scene.open["text"])
    return scene.decide("answer", "answered", asks=tuple(verdict["asks"]), question=scene.question)


def _closed(scene: Scene) -> Scene:
    """A question that this turn neither asked nor will ask again is no longer open."""
    verdict = scene.verdict
    waits = scene.silences or (
        verdict is not None and (verdict["next"] == "ask" or (verdict["next"] == "answer" and scene.reprise))
    )
    return scene if waits else replace(scene, open=None)


def _person(scene: Scene) -> Scene:
    fills = [c for c in scene.pending if c["command"] == "fill"]
    for given in fills:
        scene = apply(scene, given)
    return replace(scene, pending=()).made().decide("transfer", "transferred", reason="requested")


def _question(scene: Scene, command: Question) -> Scene:
    return (
        replace(scene, question=command["text"])
        if scene.project.knowledge.enabled
        else scene.note("cannot_handle.no_match")
    )


def _chat(scene: Scene, command: Chat) -> Scene:
    text = scene.text(command["topic"], titles=intent_titles(scene.project, scene.locale))
    back = scene.top is not None and command["topic"] != "language"
    scene = replace(scene.say("reply", text), outcome=scene.outcome or "chatted", resumed=back)
    if command["topic"] == "goodbye" and scene.progress == "neutral":
        # Who only leaves is not asked on; what was going on waits for their return.
        return scene.decide("done", "chatted")
    return scene


def _clarify(scene: Scene, command: Clarify) -> Scene:
    intents = [name for name in command["intents"] if name in scene.project.intents]
    return (
        ask_clarification(scene.failed(), intents, command.get("held", ()))
        if scene.top is None
        else _unclear(scene, "no_match")
    )


def _unclear(scene: Scene, reason: str) -> Scene:
    if reason in ESCALATING:
        scene = scene.failed()
    if reason in ("empty", "too_long"):
        scene = scene.note(f"cannot_handle.{reason}", limit=readable(scene.project.limits.message_chars, scene.locale))
        return ask_again(scene, scene.open) if scene.open is not None and scene.top is None else scene
    asked = scene.open["kind"] if scene.open else None
    if asked == "slots" and scene.top is not None:
        return no_value(scene, scene.top)
    if asked == "ambiguous" and scene.open is not None:
        return ask_which_again(scene, scene.open)
    if asked == "confirm":
        return scene.note("confirm.unclear")
    if asked == "clarify" and scene.open is not None and scene.top is None:
        again = scene.text("clarify.again", choices=[scene.intent_title(name) for name in scene.open["intents"]])
        return ask_again(scene, {**scene.open, "text": again})
    return replace(_not_understood(scene, reason), outcome=scene.outcome or "clarifying")


def _not_understood(scene: Scene, reason: str) -> Scene:
    """Say why; the second time in a row also what can be done here."""
    scene = scene.note(f"cannot_handle.{reason}")
    titles = intent_titles(scene.project, scene.locale)
    repeated = scene.failures > 0 and scene.top is None and titles
    return scene.note("cannot_handle.suggest", titles=titles) if repeated else scene


def _begin(scene: Scene) -> Scene:
    """The channel opens the conversation: the bot speaks first."""
    return replace(scene.say("reply", scene.text("session_start")), outcome="chatted")


def _silence(scene: Scene) -> Scene:
    """Ask once more, then wait aloud, then let the session rest; nothing of it is lost."""
    if scene.silences <= 1:
        return replace(scene.note("silence.first"), outcome="chatted" if scene.top is None else scene.outcome)
    key = "silence.second" if scene.silences == SECOND else "silence.last"
    return scene.say("reply", scene.text(key)).decide("done", "chatted")


def _repeat(scene: Scene) -> Scene:
    """A flow's open question is asked again as it was; without a flow the bot says its last message again."""
    if scene.top is not None:
        return scene
    if scene.open is None:
        return scene.say("reply", scene.text("repeat", text=scene.said)) if scene.said else scene.note("repeat.nothing")
    return ask_again(scene.say("reply", scene.said.removesuffix(scene.open["text"])), scene.open)


_ACTS: Mapping[str, Callable[[Scene], Scene]] = {
    "person": _person,
    "restart": restart,
    "cancel": cancel,
    "deny": deny,
    "affirm": affirm,
    "repeat": _repeat,
    "begin": _begin,
    "silence": _silence,
}
