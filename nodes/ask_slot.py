"""Put the open question to the customer."""

from dialogue.state import DialogueState, DialogueUpdate, Part


async def ask_slot(state: DialogueState) -> DialogueUpdate:
    """Say the question as the policy worded it; it stays open until it is answered."""
    question = state["open"]
    if question is None:
        return DialogueUpdate()
    return DialogueUpdate(parts=[*state["parts"], Part(kind="question", text=question["text"])])
