"""Say what needs no question and no action: fixed replies, small talk, repair."""

from config.versions import Versions
from dialogue.state import DialogueState, DialogueUpdate, Part


async def reply(state: DialogueState, *, versions: Versions) -> DialogueUpdate:
    """Let what was said stand; where nothing was, ask what it is about."""
    if state["parts"]:
        return DialogueUpdate()
    version = versions.get(state["tenant"], state["project"], state["version"])
    text = version.text("session_start" if state["counters"]["turns"] == 1 else "greeting", state["locale"])
    return DialogueUpdate(parts=[Part(kind="reply", text=text)])
