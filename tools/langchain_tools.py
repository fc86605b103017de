"""A project's actions as LangChain tools, for any agent: name, description and arguments come from the project."""

import json
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from langchain_core.tools import StructuredTool
from pydantic import BaseModel, ConfigDict, Field, JsonValue, create_model

from config.clock import Clock, utc_now
from config.project import Project, Slot
from config.templates import names_in
from config.versions import Version
from dialogue.scene import plan_hash
from dialogue.state import Plan, Receipt
from dialogue.values import Judgement, judge
from tools.errors import LedgerUnavailableError
from tools.ports import ActionCall, Actions

Confirm = Callable[[str, Mapping[str, JsonValue]], Awaitable[bool]]
"""Asks the customer whether this action shall be done with these arguments."""


class MoneyArgument(BaseModel):
    """An amount in a currency."""

    model_config = ConfigDict(extra="forbid")
    amount: float
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """For whom the tools act."""

    session_id: str
    locale: str
    channel: str = "web"
    variables: Mapping[str, JsonValue] = field(default_factory=dict)
    turn: str = field(default_factory=lambda: uuid.uuid4().hex)
    """The same action with the same arguments is done once a turn."""


_FORMATS: Final = {
    "date": "a date, YYYY-MM-DD",
    "time": "a time, HH:MM",
    "datetime": "a moment, ISO 8601 with offset",
    "duration": "a duration, ISO 8601",
    "phone": "a phone number, E.164",
    "email": "an e-mail address",
}


def build_tools(
    version: Version,
    actions: Actions,
    conversation: Conversation,
    *,
    confirm: Confirm | None = None,
    clock: Clock = utc_now,
) -> list[StructuredTool]:
    """A tool for each action; those that change something only where `confirm` can ask the customer first.

    Arguments keep to the rules of their slots, which a model cannot talk itself out of. The tools are asynchronous.
    """
    project = version.project
    return [
        _tool(
            _Caller(
                version=version, name=name, actions=actions, conversation=conversation, confirm=confirm, clock=clock
            )
        )
        for name, action in project.actions.items()
        if confirm is not None or not action.writes
    ]


def slots_of_action(project: Project, name: str) -> dict[str, Slot]:
    """The slots an action's templates read, described as the intent that uses the action describes them."""
    action = project.actions[name]
    form: dict[str, JsonValue] = dict(action.form or {})
    templates: JsonValue = [action.url, dict(action.headers), dict(action.query), action.body, form, action.text]
    read = {dotted.split(".")[1] for dotted in names_in(templates) if dotted.startswith("slots.")}
    return {slot: _slot(project, name, slot) for slot in sorted(read)}


def _slot(project: Project, action: str, name: str) -> Slot:
    return next(_descriptions(project, action, name), Slot())


def _descriptions(project: Project, action: str, name: str) -> Iterator[Slot]:
    using = [key for key, intent in project.intents.items() if intent.action == action]
    for intent in (*using, *project.intents):
        if name in project.intents[intent].slots:
            yield project.slot(intent, name)
    if name in project.slots:
        yield project.slots[name]


def argument_model(project: Project, name: str, locale: str) -> type[BaseModel]:
    """The pydantic model of an action's arguments."""
    fields: dict[str, Any] = {}
    for slot_name, slot in slots_of_action(project, name).items():
        told = project.say(slot.title, locale) or slot_name.replace("_", " ")
        parts = [told, project.say(slot.hint, locale), _FORMATS.get(slot.type)]
        parts += [f"matching {slot.pattern}"] if slot.pattern else []
        described = Field(description="; ".join(part for part in parts if part))
        kind = _type(slot) if slot.required else _type(slot) | None
        fields[slot_name] = (Annotated[kind, described], ... if slot.required else None)
    model: type[BaseModel] = create_model(f"{name}_arguments", __config__=ConfigDict(extra="forbid"), **fields)
    return model


def _type(slot: Slot) -> Any:
    if slot.type in ("choice", "location") and slot.choices:
        return Literal[tuple(slot.choices)]
    kinds = {"number": float, "integer": int, "count": int, "boolean": bool, "money": MoneyArgument}
    return kinds.get(slot.type, str)


@dataclass(frozen=True, kw_only=True)
class _Caller:
    """Does one action with the arguments an agent gives."""

    version: Version
    name: str
    actions: Actions
    conversation: Conversation
    confirm: Confirm | None
    clock: Clock

    async def __call__(self, **given: Any) -> str:
        """What the agent hears, as JSON."""
        project, conversation = self.version.project, self.conversation
        arguments = {key: _plain(value) for key, value in given.items() if value is not None}
        wrong = self._wrong(arguments)
        if wrong:
            return json.dumps({"status": "failed", "error": "parameter_validation", "arguments": wrong})
        asked = self.confirm is not None and project.actions[self.name].writes
        if asked and self.confirm is not None and not await self.confirm(self.name, arguments):
            return json.dumps({"status": "not_confirmed"})
        call = ActionCall(
            plan=Plan(action=self.name, arguments=arguments, hash=plan_hash(self.name, arguments), confirmed=asked),
            tenant=project.tenant,
            session_id=conversation.session_id,
            flow_id=f"tool-{conversation.turn}",
            locale=conversation.locale,
            channel=conversation.channel,
            variables=conversation.variables,
        )
        try:
            return _told(await self.actions.call(self.version, call))
        except LedgerUnavailableError:
            # Nothing was sent now; whether an earlier call of this turn did it is not known. It is safe to call again.
            return json.dumps({"status": "unavailable", "error": "api_error"})

    def _wrong(self, arguments: Mapping[str, JsonValue]) -> dict[str, Judgement]:
        """The arguments that their slots' rules do not allow, and why."""
        project = self.version.project
        now, slots = self.clock().astimezone(ZoneInfo(project.timezone)), slots_of_action(project, self.name)
        judged = {name: judge(slots[name], value, now) for name, value in arguments.items()}
        return {name: verdict for name, verdict in judged.items() if verdict != "valid"}


def _tool(caller: _Caller) -> StructuredTool:
    project, locale = caller.version.project, caller.conversation.locale
    action = project.actions[caller.name]
    effect = "Changes something; the customer is asked first." if action.writes else "Only reads."
    described = action.description or project.say(action.title, locale) or caller.name.replace("_", " ")
    return StructuredTool.from_function(
        coroutine=caller.__call__,
        name=caller.name,
        description=f"{described.rstrip('.')}. {effect}",
        args_schema=argument_model(project, caller.name, locale),
    )


def _plain(value: Any) -> JsonValue:
    plain: JsonValue = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return plain


def _told(receipt: Receipt) -> str:
    """What the agent hears: data, and never a success without a receipt."""
    told = {key: receipt[key] for key in ("status", "result", "reference", "error", "http_status")}
    return json.dumps(told, ensure_ascii=False)
