"""Find what the knowledge says to the customer's question."""

from config.versions import Versions
from dialogue.audience import audience_of
from dialogue.standalone import standalone
from dialogue.state import DialogueState, DialogueUpdate
from tools.ports import KnowledgeBase


async def retrieve(state: DialogueState, *, versions: Versions, knowledge: KnowledgeBase) -> DialogueUpdate:
    """Search this project's own passages for the question, made to stand alone where it leans on what came before."""
    version = versions.get(state["tenant"], state["project"], state["version"])
    question = state["verdict"]["question"] or state["request"]["message"]
    query = standalone(question, state["context_history"])
    audience = audience_of(state["channel"], state["request"]["metadata"])
    found = await knowledge.search(version, query, locale=state["locale"], audience=audience)
    notices = [f"knowledge: {why}" for why in (found["failure"], found.get("notice")) if why]
    return DialogueUpdate(retrieval=found, notices=[*state["notices"], *notices])
