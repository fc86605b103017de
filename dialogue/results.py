"""What an action came to, in words and in the state."""

from pydantic import JsonValue

from config.project import Action
from config.templates import TemplateError, render_text
from config.versions import Version
from dialogue.display import finalizer, readable
from dialogue.scene import MAX_FINISHED, intent_title, shared_variable, values_of
from dialogue.state import DialogueState, DialogueUpdate, Frame, Part, Receipt


def action_part(state: DialogueState, version: Version, receipt: Receipt) -> Part:
    """The sentence for a receipt; words of success come only from one that succeeded."""
    if receipt["status"] == "succeeded":
        return Part(kind="reply", text=_success(state, version, receipt))
    return Part(kind="error", text=_trouble(state, version, receipt))


def after_action(state: DialogueState, version: Version, receipt: Receipt) -> DialogueUpdate:
    """The flow leaves the stack, done or dropped; results become variables."""
    frame = state["stack"][-1]
    succeeded = receipt["status"] == "succeeded"
    ended = Frame(**{**frame, "status": "done" if succeeded else "collecting"})
    results = _for_its_reversal(version, frame, receipt)
    if results:
        ended["results"] = results
    return DialogueUpdate(
        stack=state["stack"][:-1],
        finished=[*state["finished"], ended][-MAX_FINISHED:] if succeeded else state["finished"],
        open=None,
        variables={**state["variables"], **receipt["result"]} if succeeded else state["variables"],
        intent=frame["intent"],
    )


def _for_its_reversal(version: Version, frame: Frame, receipt: Receipt) -> dict[str, JsonValue]:
    """The results that the intent that takes it back has slots for: a later deed's must not stand in for them."""
    project = version.project
    spec = project.intents.get(frame["intent"])
    if spec is None or spec.undo_with is None:
        return {}
    wanted = {shared_variable(project, name, slot) or name for name, slot in project.slots_of(spec.undo_with).items()}
    return {name: value for name, value in receipt["result"].items() if name in wanted}


def _values(state: DialogueState, receipt: Receipt) -> dict[str, object]:
    return {
        "slots": values_of(state["stack"][-1]),
        "variables": {**state["variables"], **receipt["result"]},
        "result": receipt["result"],
        "locale": state["locale"],
        "channel": state["channel"],
    }


def _success(state: DialogueState, version: Version, receipt: Receipt) -> str:
    action = version.project.actions[receipt["action"]]
    own = version.project.say(action.reply, state["locale"])
    if own is not None:
        try:
            return render_text(own, _values(state, receipt), finalize=finalizer(state["locale"]))
        except TemplateError:
            # The service answered without what the text needs: say less rather than something wrong.
            pass
    return version.text(
        "action.done",
        state["locale"],
        intent=_title(state, version),
        reference=receipt["reference"],
        results=_results(receipt, state["locale"]) if own is None else [],
    )


def _results(receipt: Receipt, locale: str) -> list[dict[str, object]]:
    plain: dict[str, JsonValue] = {
        name: value for name, value in receipt["result"].items() if value is not None and value != receipt["reference"]
    }
    return [{"title": name.replace("_", " "), "value": readable(value, locale)} for name, value in plain.items()]


def _trouble(state: DialogueState, version: Version, receipt: Receipt) -> str:
    locale, action = state["locale"], version.project.actions[receipt["action"]]
    if receipt["status"] == "unknown":
        return version.text("action.unknown", locale, intent=_title(state, version))
    own = version.project.say(_by_status(action, receipt["http_status"]), locale)
    if own is not None:
        try:
            return render_text(own, _values(state, receipt), finalize=finalizer(locale))
        except TemplateError:
            pass
    kind = receipt["error"] if receipt["error"] in ("api_timeout", "parameter_validation") else "api_error"
    return version.text(kind, locale, action=_action_title(state, version, receipt["action"]))


def _by_status(action: Action, status: int | None) -> str | dict[str, str] | None:
    return action.errors.get(status) if status is not None else None


def _title(state: DialogueState, version: Version) -> str:
    return intent_title(version.project, state["stack"][-1]["intent"], state["locale"])


def _action_title(state: DialogueState, version: Version, name: str) -> str:
    """How a service is called that failed: by its title, else as what the customer wanted of it."""
    return version.project.say(version.project.actions[name].title, state["locale"]) or _title(state, version)
