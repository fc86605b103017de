"""Rasa's REST channel: what speaks to a Rasa assistant over HTTP speaks to a bot here, unchanged."""

from typing import Annotated, Final, cast

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from serving.auth import Chatter
from serving.chat import Counted, problems
from serving.contract import ChatRequest, Identifier, ProjectName, Text, all_finite
from serving.figures import Figures
from serving.reach import Open, turn_in_its_language
from serving.strict import StrictRoute

CHANNEL: Final = "rest"

router = APIRouter(
    route_class=StrictRoute,
    tags=["rasa"],
    responses=problems(400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503),
)


class RestMessage(BaseModel):
    """A customer's message, as Rasa's clients send it; what else it holds is ignored."""

    model_config = ConfigDict(
        extra="ignore", json_schema_extra={"examples": [{"sender": "customer-17", "message": "Merhaba"}]}
    )

    sender: Identifier = Field(description="The customer; the conversation is called after it.")
    message: Text = Field(description="What the customer says, or the `payload` of a button.")
    metadata: dict[str, JsonValue] | None = Field(None, description="Whatever the caller wants to keep with the turn.")
    message_id: Identifier | None = Field(
        None, description="Sent again, it returns the first answer and does nothing twice."
    )

    @field_validator("metadata")
    @classmethod
    def _finite(cls, value: dict[str, JsonValue] | None) -> dict[str, JsonValue] | None:
        if not all_finite(value):
            raise ValueError("numbers must be finite")
        return value


class RestButton(BaseModel):
    """What the customer may tap."""

    title: str = Field(examples=["Evet"])
    payload: str = Field(description="Send it as the next `message`.", examples=["evet"])


class RestReply(BaseModel):
    """What the bot says."""

    recipient_id: str = Field(description="The `sender`.", examples=["customer-17"])
    text: str = Field(examples=["Onaylıyor musunuz?"])
    buttons: list[RestButton] | None = None


@router.post("/webhooks/rest/webhook", response_model_exclude_none=True)
async def webhook(
    body: RestMessage,
    request: Request,
    caller: Chatter,
    services: Open,
    project: Annotated[ProjectName | None, Query(description="May be left out where the tenant has one bot.")] = None,
) -> list[RestReply]:
    """A turn, as a client of Rasa's REST channel has it: nothing is said while a person has the session."""
    chat = ChatRequest(
        message=body.message,
        session_id=body.sender,
        project=project,
        channel_type=CHANNEL,
        metadata=body.metadata or {},
        message_id=body.message_id,
    )
    call = await turn_in_its_language(chat, caller, services)
    answer = await Counted(services, cast(Figures, request.app.state.figures)).answer(call)
    return _replies(body.sender, cast(dict[str, JsonValue], answer))


def _replies(sender: str, answer: dict[str, JsonValue]) -> list[RestReply]:
    text, offered = str(answer.get("reply") or ""), answer.get("quick_replies")
    buttons = [
        RestButton(title=str(each["title"]), payload=str(each["message"]))
        for each in (offered if isinstance(offered, list) else [])
        if isinstance(each, dict)
    ]
    return [RestReply(recipient_id=sender, text=text, buttons=buttons or None)] if text else []
