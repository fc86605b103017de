"""The drawing: one turn of a conversation, its steps and the arrows between them."""

from functools import partial
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from dialogue.context import TurnContext
from dialogue.state import DialogueState, TurnInput, TurnOutput
from graph.parts import Parts
from graph.routes import after_decide_transfer, after_fill_slots, after_open_turn
from graph.timing import timed
from nodes.ask_slot import ask_slot
from nodes.call_api import call_api
from nodes.close_turn import close_turn
from nodes.decide_transfer import decide_transfer
from nodes.detect_intent import detect_intent
from nodes.draft_answer import draft_answer
from nodes.fill_slots import fill_slots
from nodes.open_turn import open_turn
from nodes.reply import reply
from nodes.retrieve import retrieve
from nodes.score_confidence import score_confidence
from nodes.transfer import transfer

ConversationGraph = CompiledStateGraph[DialogueState, TurnContext, TurnInput, TurnOutput]


def build_graph(parts: Parts, checkpointer: BaseCheckpointSaver[Any] | None = None) -> ConversationGraph:
    """Compile one turn; with a checkpointer, a conversation that any process can resume."""
    versions, clock, desk = parts.versions, parts.clock, parts.desk
    graph = StateGraph(DialogueState, TurnContext, input_schema=TurnInput, output_schema=TurnOutput)
    add, link, branch = graph.add_node, graph.add_edge, graph.add_conditional_edges
    understanding, actions, writer, knowledge = parts.understanding, parts.actions, parts.writer, parts.knowledge

    add("open_turn", timed(partial(open_turn, versions=versions, clock=clock)))
    detect = partial(detect_intent, versions=versions, understanding=understanding, clock=clock, actions=parts.actions)
    add("detect_intent", timed(detect))
    add("fill_slots", timed(partial(fill_slots, versions=versions, clock=clock, actions=actions)))
    add("ask_slot", timed(ask_slot))
    stoppable = parts.interruptions
    calling = partial(call_api, versions=versions, actions=actions, writer=writer, interruptions=stoppable)
    add("call_api", timed(partial(calling, departures=parts.departures)))
    add("retrieve", timed(partial(retrieve, versions=versions, knowledge=knowledge)))
    drafting = partial(draft_answer, versions=versions, writer=writer, takeovers=parts.takeovers)
    add("draft_answer", timed(partial(drafting, interruptions=stoppable)))
    add("reply", timed(partial(reply, versions=versions)))
    add("score_confidence", timed(partial(score_confidence, versions=versions)))
    add("decide_transfer", timed(partial(decide_transfer, versions=versions)))
    add("transfer", timed(partial(transfer, versions=versions, desk=desk, clock=clock, interruptions=stoppable)))
    closing = partial(close_turn, versions=versions, desk=desk, takeovers=parts.takeovers)
    add("close_turn", timed(partial(closing, interruptions=stoppable)))

    link(START, "open_turn")
    branch("open_turn", after_open_turn)
    link("detect_intent", "fill_slots")
    branch("fill_slots", after_fill_slots)
    link("call_api", "fill_slots")
    link("retrieve", "draft_answer")
    link("ask_slot", "score_confidence")
    link("draft_answer", "score_confidence")
    link("reply", "score_confidence")
    link("score_confidence", "decide_transfer")
    branch("decide_transfer", after_decide_transfer)
    link("transfer", "close_turn")
    link("close_turn", END)
    return graph.compile(checkpointer=checkpointer, name="switchboard")
