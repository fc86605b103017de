"""The graph behind a bare FastAPI route, with LangGraph's own SQLite saver: what a tutorial would write.

No keys, no queue, no idempotency, no log: `uvicorn --factory evals.load_bare:app`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from pydantic import BaseModel, JsonValue

from config.settings import Settings
from dialogue.context import TurnContext
from dialogue.state import TurnInput
from graph.build import ConversationGraph, build_graph
from graph.services import open_parts


class Asked(BaseModel):
    """A message."""

    message: str
    session_id: str


def app() -> FastAPI:
    """The app; its lifespan opens the parts and learns the projects."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        settings = Settings()
        async with (
            open_parts(settings) as opened,
            AsyncSqliteSaver.from_conn_string(str(settings.data / "bare.db")) as saver,
        ):
            for version in opened.parts.versions.all():
                await opened.parts.understanding.prepare(version)
            app.state.graph = build_graph(opened.parts, saver)
            yield

    made = FastAPI(lifespan=lifespan)

    @made.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    @made.post("/chat")
    async def chat(asked: Asked) -> dict[str, JsonValue]:
        graph: ConversationGraph = made.state.graph
        answer = await graph.ainvoke(
            TurnInput(message=asked.message),
            {"configurable": {"thread_id": asked.session_id}},
            context=TurnContext(session_id=asked.session_id),
            durability="exit",
        )
        return {"reply": answer["reply"], "outcome": answer["outcome"]}

    return made
