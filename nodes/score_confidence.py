"""Say how sure the turn's answer is."""

from config.versions import Versions
from dialogue.confidence import combine, confidence_in, weights_of
from dialogue.state import DialogueState, DialogueUpdate, Evidence


async def score_confidence(state: DialogueState, *, versions: Versions) -> DialogueUpdate:
    """Gather the turn's evidence and fold it into one number."""
    project = versions.get(state["tenant"], state["project"], state["version"]).project
    found, receipts = state["retrieval"], state["receipts"]
    understood = [c for c in state["commands"] if c["command"] != "unclear"]
    evidence = Evidence(
        understanding=state["certainty"] if understood else 0.0,
        retrieval=None if found is None else confidence_in(found, project),
        grounding=None if state["grounded"] is None else float(state["grounded"]),
        action=None if not receipts else float(all(r["status"] == "succeeded" for r in receipts)),
        model=_model_health(state),
        rule=project.confidence.rule,
    )
    whose = None if found is None else weights_of(found, project)
    if whose:
        evidence["weights"] = whose
    judged = evidence if found is None else Evidence(**{**evidence, "understanding": None})
    # Whether a question was meant shows in what was found for it; the engine's own doubt adds nothing.
    return DialogueUpdate(evidence=evidence, confidence=combine(judged, project, fallback=state["fallback"]))


def _model_health(state: DialogueState) -> float | None:
    """1 where every model call answered, 0.5 where one failed and something else served; None without calls."""
    if not state["models"]:
        return None
    return 0.5 if any(use["failure"] for use in state["models"]) else 1.0
