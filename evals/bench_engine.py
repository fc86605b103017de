"""The engine calls of a turn by themselves: recorded while a conversation is played, made again with other words.

What a turn asks of understanding, knowledge, answers and actions depends on all that was said before it. Played once
with a recorder on the ports, each call can be repeated without a graph around it.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import uuid4

from pydantic import JsonValue

from config.versions import Version
from dialogue.audience import EVERYBODY, Audience
from dialogue.state import Passage, Receipt, Retrieval
from graph.parts import Parts
from tools.ports import ActionCall, Draft, Emit
from understanding.port import Situation, Understood

Again = Callable[[str], Awaitable[object]]
"""Makes a call again, for another wording of the message."""


@dataclass
class Recorder:
    """Stands on four ports, passes every call on and notes how to make it again."""

    parts: Parts
    message: str = ""
    """What the customer says in the turn that is being played."""
    calls: list[Again] = field(default_factory=list)

    def listen(self, message: str) -> list[Again]:
        """Begin a turn; its calls will be in the list that is returned."""
        self.message, self.calls = message, []
        return self.calls

    async def prepare(self, version: Version) -> None:
        """Nothing of a turn."""
        await self.parts.understanding.prepare(version)

    async def understand(self, version: Version, situation: Situation) -> Understood:
        """Read the message; again: read the other one in the same place."""
        asked = replace(situation, deadline=None)
        self.calls.append(lambda message: self.parts.understanding.understand(version, replace(asked, message=message)))
        return await self.parts.understanding.understand(version, situation)

    async def search(self, version: Version, query: str, *, locale: str, audience: Audience = EVERYBODY) -> Retrieval:
        """Find passages; again: for the same question in the other words."""
        worded = self._gap(query)
        find = self.parts.knowledge.search
        self.calls.append(lambda message: find(version, worded(message), locale=locale, audience=audience))
        return await find(version, query, locale=locale, audience=audience)

    async def write(
        self,
        version: Version,
        question: str,
        passages: Sequence[Passage],
        *,
        history: Sequence[Mapping[str, str]],
        locale: str,
        emit: Emit,
        deadline: float | None,
        model_allowed: bool,
    ) -> Draft:
        """Word an answer; again: from the same passages."""
        worded, writer = self._gap(question), self.parts.writer

        async def write(question: str, emit: Emit, deadline: float | None) -> Draft:
            return await writer.write(
                version,
                question,
                passages,
                history=history,
                locale=locale,
                emit=emit,
                deadline=deadline,
                model_allowed=model_allowed,
            )

        self.calls.append(lambda message: write(worded(message), _unheard, None))
        return await write(question, emit, deadline)

    async def reword(
        self,
        version: Version,
        prompt: str,
        values: Mapping[str, JsonValue],
        *,
        locale: str,
        deadline: float | None,
        model_allowed: bool,
    ) -> Draft | None:
        """Word an action's answer; only models do, and none takes part."""
        return await self.parts.writer.reword(
            version, prompt, values, locale=locale, deadline=deadline, model_allowed=model_allowed
        )

    async def begun(self, version: Version, call: ActionCall) -> bool:  # noqa: ARG002 - the port's signature
        """Nothing dies here in the middle of an action."""
        return False

    async def unanswered(
        self,
        version: Version,
        *,
        tenant: str,
        session_id: str,
        turn: int,
        flows: Collection[str],
    ) -> list[Receipt]:
        """As it is: a look into the ledger is a part of every turn."""
        return await self.parts.actions.unanswered(
            version, tenant=tenant, session_id=session_id, turn=turn, flows=flows
        )

    async def reconcile(
        self, version: Version, receipts: Sequence[Receipt], *, flows: Mapping[str, ActionCall], deadline: float | None
    ) -> list[Receipt]:
        """Nothing here is ever in doubt."""
        return await self.parts.actions.reconcile(version, receipts, flows=flows, deadline=deadline)

    async def call(self, version: Version, call: ActionCall) -> Receipt:
        """Do an action; again: the same for another session, so that it is really done."""
        self.calls.append(
            lambda _: self.parts.actions.call(
                version, replace(call, session_id=uuid4().hex, flow_id=uuid4().hex, deadline=None)
            )
        )
        return await self.parts.actions.call(version, call)

    def _gap(self, text: str) -> Callable[[str], str]:
        said = self.message
        return lambda message: text.replace(said, message)


def recorded(recorder: Recorder) -> Parts:
    """The parts with the recorder on their ports."""
    return replace(recorder.parts, understanding=recorder, knowledge=recorder, writer=recorder, actions=recorder)


def _unheard(_: str) -> None:
    """Nobody streams."""
