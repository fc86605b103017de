"""How long each step of a turn takes."""

from collections.abc import Awaitable, Callable
from functools import partial, update_wrapper
from time import perf_counter
from typing import Any

from dialogue.state import DialogueUpdate

Node = Callable[..., Awaitable[DialogueUpdate]]


def timed(node: Node) -> Node:
    """The node with its name and its milliseconds added to its update."""
    function = node.func if isinstance(node, partial) else node
    name = function.__name__

    async def run(
        *args: Any, **kwargs: Any
    ) -> DialogueUpdate:  # LangGraph passes what the node's own signature asks for
        start = perf_counter()
        update = await node(*args, **kwargs)
        return {**update, "timings": {name: (perf_counter() - start) * 1000}, "path": [name]}

    # LangGraph reads the signature to see whether the node wants the runtime.
    return update_wrapper(run, node if not isinstance(node, partial) else function)
