"""The factory that `langgraph.json` names: the same graph for Studio, without a checkpointer of its own.

Studio's server brings its own checkpoints. The services behind the graph are opened once in its process, at the first
run, and live as long as the process does.
"""

import asyncio
from contextlib import AsyncExitStack

from config.settings import Settings
from graph.build import ConversationGraph, build_graph
from graph.services import open_parts


class _Opened:
    """The parts of this process, opened by whoever needs them first."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._graph: ConversationGraph | None = None

    async def graph(self) -> ConversationGraph:
        """The compiled graph."""
        async with self._lock:
            if self._graph is None:
                settings = await asyncio.to_thread(Settings)
                opened = await self._stack.enter_async_context(open_parts(settings))
                self._graph = await asyncio.to_thread(build_graph, opened.parts)
            return self._graph


_opened = _Opened()


async def make_graph() -> ConversationGraph:
    """One turn of a conversation; the project is chosen in the assistant's context."""
    return await _opened.graph()
