"""What a turn knows beside its message: who asks for which bot. Never checkpointed."""

from pydantic import BaseModel, ConfigDict, Field

from config.project import Limits


class TurnContext(BaseModel):
    """Given by the server, or in Studio by the assistant's form."""

    model_config = ConfigDict(frozen=True)

    project: str | None = Field(None, description="The bot to talk to; the first one where none is named.")
    tenant: str | None = Field(None, description="Whose bot it is; needed only where two tenants use one name.")
    session_id: str = Field("studio", description="The caller's name of the conversation.")
    channel: str = Field("web", description="Where the customer writes.")
    deadline: float | None = Field(None, description="Event loop time at which the turn must have ended.")
    model_allowed: bool = Field(True, description="False when a budget for language models is used up.")


def may_ask_model(context: TurnContext, limits: Limits, calls: int) -> bool:
    """Whether another call of a language model fits the day's budget and the turn's, after `calls` of them."""
    return context.model_allowed and calls < limits.llm_calls_per_turn


def given(context: TurnContext | None) -> TurnContext:
    """The context as it is, or the defaults: a graph invoked without one has none."""
    return TurnContext() if context is None else context
