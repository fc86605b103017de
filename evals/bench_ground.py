"""The parts of the service opened in this process, so that each layer of a turn can be called by itself."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from config.clock import utc_now
from config.settings import Settings
from config.versions import Version
from demo.serve import demo_environment
from dialogue.context import TurnContext
from dialogue.state import TurnInput
from evals.bench_conversations import Conversation
from evals.bench_processes import ROOT
from graph.build import ConversationGraph, build_graph
from graph.calls import TurnCall
from graph.mailbox import Mailbox
from graph.parts import Parts
from graph.services import open_parts
from graph.sessions import config_of
from graph.turn_log import DatabaseTurnLog
from graph.turns import Turns
from models.budget import TokenBudget
from models.embeddings import open_encoder
from models.ports import Encoder


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Everything that is measured, open; the encoder is one of its own, which has read nothing yet."""

    parts: Parts
    versions: Mapping[str, Version]
    bare: ConversationGraph
    in_memory: ConversationGraph
    on_disk: ConversationGraph
    turns: Turns
    encoder: Encoder


@asynccontextmanager
async def open_ground(folder: Path, business: str) -> AsyncIterator[Ground]:
    """Open it over a prepared data folder, trained."""
    # No .env file and no settings of this machine: without a model and without keys.
    settings = Settings(_env_file=None, projects=ROOT / "projects", data=folder, model=None, embeddings="embedded")
    settings = settings.model_copy(update={"database": None, "knowledge": None, "keys": None})
    environment = {**os.environ, **demo_environment(business)}
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(open_parts(settings, environment=environment))
        parts = opened.parts
        versions = {version.project.name: version for version in parts.versions.all()}
        for version in versions.values():
            await parts.understanding.prepare(version)
        on_disk = build_graph(parts, await stack.enter_async_context(opened.storage.saver()))
        turns = Turns(
            graph=on_disk,
            turn_log=DatabaseTurnLog(opened.storage.log),
            mailbox=Mailbox(opened.storage.log),
            locks=opened.storage.locks,
            records=[],
            versions=parts.versions,
            budget=TokenBudget(),
            clock=utc_now,
            probes={},
        )
        encoder = open_encoder()
        await encoder.encode(["ready"], "query")
        yield Ground(
            parts=parts,
            versions=versions,
            bare=build_graph(parts),
            in_memory=in_memory(parts),
            on_disk=on_disk,
            turns=turns,
            encoder=encoder,
        )


def in_memory(parts: Parts) -> ConversationGraph:
    """The graph with its checkpoints kept by this process, written as SQLite's are."""
    return build_graph(parts, InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=None)))


def turn_input(conversation: Conversation, message: str) -> TurnInput:
    """What the graph is told of a turn."""
    return TurnInput(message=message, message_id=uuid4().hex, asked_locale=conversation.locale, history=[], metadata={})


def context_of(version: Version, session: str) -> TurnContext:
    """Who is asking, with the project's time."""
    limits = version.project.limits
    return TurnContext(
        project=version.project.name,
        tenant=version.project.tenant,
        session_id=session,
        channel="web",
        deadline=asyncio.get_running_loop().time() + limits.turn_seconds,
        model_allowed=True,
    )


async def invoke(
    ground: Ground, graph: ConversationGraph, conversation: Conversation, message: str, session: str
) -> None:
    """One turn of a graph."""
    version = ground.versions[conversation.project]
    await graph.ainvoke(
        turn_input(conversation, message),
        config_of(session),
        context=context_of(version, session),
        # Without a checkpointer LangGraph warns that there is nothing to make durable.
        durability="exit" if graph.checkpointer else None,
    )


async def run_turn(ground: Ground, conversation: Conversation, message: str, session: str) -> None:
    """One turn as the server runs it, without HTTP."""
    version = ground.versions[conversation.project]
    call = TurnCall(
        tenant=version.project.tenant,
        project=version.project.name,
        session_id=session,
        message=message,
        message_id=uuid4().hex,
        locale=conversation.locale,
    )
    await ground.turns.run(call)


def listened(ground: Ground, parts: Parts) -> Ground:
    """The same ground with other parts in the graph that keeps its checkpoints in memory."""
    return replace(ground, parts=parts, in_memory=in_memory(parts))
