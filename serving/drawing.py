"""The graph's drawing as data, for whoever wants to light a turn's path on it."""

from functools import lru_cache

from fastapi import APIRouter
from pydantic import BaseModel, Field

from graph.draw import figure
from serving.auth import Chatter
from serving.chat import problems

router = APIRouter(tags=["operation"])


class Arrow(BaseModel):
    """From one step to another."""

    source: str = Field(examples=["open_turn"])
    target: str = Field(examples=["detect_intent"])
    conditional: bool = Field(description="Whether a route decides on it.")


class Drawing(BaseModel):
    """The steps of a turn and the arrows between them; `metadata.diagnostics.path` of an answer says which it took."""

    nodes: list[str] = Field(examples=[["__start__", "open_turn"]])
    edges: list[Arrow]


@router.get("/graph", responses=problems(401))
async def graph(caller: Chatter) -> Drawing:  # noqa: ARG001 - whoever has a key may see it
    """The graph that every turn takes its way through."""
    return _drawing()


@lru_cache(maxsize=1)
def _drawing() -> Drawing:
    nodes, edges = figure()
    arrows = [Arrow(source=source, target=target, conditional=conditional) for source, target, conditional in edges]
    return Drawing(nodes=nodes, edges=arrows)
