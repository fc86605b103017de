"""What the graph is built from, one port each."""

from dataclasses import dataclass, field

from config.clock import Clock
from config.versions import Versions
from dialogue.departures import Departures
from dialogue.interruptions import Interruptions
from dialogue.takeovers import Takeovers
from tools.ports import Actions, AnswerWriter, DeskLine, KnowledgeBase
from understanding.port import Understanding


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything a turn touches outside its own state."""

    versions: Versions
    understanding: Understanding
    actions: Actions
    knowledge: KnowledgeBase
    writer: AnswerWriter
    desk: DeskLine
    clock: Clock
    takeovers: Takeovers = field(default_factory=Takeovers)
    """Shared with whoever lets persons speak in sessions."""
    interruptions: Interruptions = field(default_factory=Interruptions)
    """Shared with whoever may stop a turn."""
    departures: Departures = field(default_factory=Departures)
    """Shared with whoever knows who listens to a turn."""
