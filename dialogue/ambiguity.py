"""A value with several readings: which one is meant."""

from dataclasses import replace

from pydantic import JsonValue

from config.project import Slot
from dialogue.display import shown
from dialogue.scene import Scene, slots_of
from dialogue.state import Frame, OpenQuestion


def ask_which_again(scene: Scene, question: OpenQuestion) -> Scene:
    """Ask for one of the readings once more, in other words."""
    frame = next((f for f in scene.stack if f["flow_id"] == question["flow_id"]), None)
    if frame is None:
        return replace(scene, open=None)
    name = question["slots"][0]
    slot = slots_of(scene, frame)[name]
    return replace(scene, open={**question, "text": _which(scene, name, slot, question["candidates"], again=True)})


def ask_which(scene: Scene, frame: Frame, name: str, slot: Slot, values: list[JsonValue]) -> Scene:
    """A value with several readings is asked about by the readings; the same once more is no answer."""
    before = scene.open
    again = before is not None and before["kind"] == "ambiguous" and before["slots"] == [name]
    text = _which(scene, name, slot, values, again=again)
    question = OpenQuestion(
        kind="ambiguous", flow_id=frame["flow_id"], slots=[name], intents=[], candidates=values, text=text
    )
    scene = replace(scene, open=question)
    return scene.failed() if again else scene.made()


def _which(scene: Scene, name: str, slot: Slot, values: list[JsonValue], *, again: bool) -> str:
    choices = [shown(slot, value, scene.locale) for value in values]
    key = "ambiguous.again" if again else "ambiguous.value"
    return scene.text(key, title=scene.slot_title(name, slot), choices=choices)


def settled(scene: Scene, frame: Frame, name: str) -> Scene:
    """A question between readings is answered by any value for its slot."""
    asked = scene.open
    if (
        asked is None
        or asked["kind"] != "ambiguous"
        or (asked["flow_id"], asked["slots"]) != (frame["flow_id"], [name])
    ):
        return scene
    return replace(scene, open=None)
