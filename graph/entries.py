"""What finished turns leave in the log, and what a message that comes again is answered from it."""

from collections.abc import Sequence
from time import perf_counter

from langchain_core.messages import AnyMessage, HumanMessage
from pydantic import JsonValue

from config.clock import Clock
from config.versions import Version
from dialogue.history import fingerprint
from graph.build import ConversationGraph
from graph.calls import TurnCall, TurnRefusedError
from graph.mailbox import Mailbox, Waiting
from graph.sessions import config_of
from graph.turn_log import LoggedTurn, SessionRow, TurnLog

REMEMBERED = 10_000
"""Threads whose language this process knows."""


class Entries:
    """Enters turns into the log and finds them there; used by whoever has the thread to himself."""

    def __init__(self, graph: ConversationGraph, log: TurnLog, mailbox: Mailbox, clock: Clock) -> None:
        self._graph = graph
        self._log = log
        self._mailbox = mailbox
        self._clock = clock
        self.languages: dict[str, str] = {}
        """What was last spoken on each thread, oldest first: an apology for a log that cannot be read needs it too."""

    async def answered(self, version: Version, thread: str, call: TurnCall) -> LoggedTurn | None:
        """The turn that this message had already; raises TurnRefusedError where it was another message."""
        sent = None if call.message_id_made else call.message_id
        settled, known = await self._log.standing(thread, sent)
        if not settled:
            await self._settle(version, thread, call)
            known = await self._log.find(thread, sent) if sent is not None else None
        if known is not None and known.fingerprint != mark_of(call.message):
            detail = "This message_id was used for another message."
            raise TurnRefusedError("validation", detail, status=409)
        return known

    async def _settle(self, version: Version, thread: str, call: TurnCall) -> None:
        """Enter the thread's last turn where its worker died between the checkpoint and the log.

        It must be there before another turn takes its place in the checkpoint, or its message, sent once more, would be
        a new turn.
        """
        state = await self._graph.aget_state(config_of(thread))
        last = state.values.get("last_turn")
        if not last or await self._log.find(thread, last["message_id"]) is not None:
            return
        turn = LoggedTurn(
            message_id=last["message_id"],
            fingerprint=last["fingerprint"],
            message=_last_words(state.values.get("messages", []), last["fingerprint"]),
            answer=last["answer"],
        )
        read = await self._mailbox.waiting(thread)
        together = bool(read) and last["fingerprint"] == mark_of(joined(read))
        await self.enter(call, version, thread, each_of(read, turn.answer) if together else [turn], waited=together)
        await self._log.set_owner(thread, state.values.get("owner", "bot"))

    async def enter(
        self, call: TurnCall, version: Version, thread: str, turns: Sequence[LoggedTurn], *, waited: bool = False
    ) -> None:
        """Keep one turn, under each of the messages that it read; those that `waited` wait no more."""
        now, answer = self._clock().isoformat(), turns[-1].answer
        metadata = answer["metadata"]
        session = SessionRow(
            thread_id=thread,
            tenant=call.tenant,
            project=version.project.name,
            session_id=call.session_id,
            version=str(answer["version"]),
            channel=call.channel,
            locale=str(answer["locale"]),
            owner="person" if answer["outcome"] in ("transferred", "muted") else "bot",
            turns=_integer(metadata.get("turn")) if isinstance(metadata, dict) else 0,
            tokens=tokens_of(answer),
            created_at=now,
            last_active=now,
        )
        await self._log.add(session, *turns, waited=waited)
        self.languages.pop(thread, None)
        self.languages[thread] = session.locale
        while len(self.languages) > REMEMBERED:
            self.languages.pop(next(iter(self.languages)))


def joined(letters: Sequence[Waiting]) -> str:
    """Several messages as the one that is read."""
    return "\n".join(letter.message for letter in letters)


def each_of(letters: Sequence[Waiting], answer: dict[str, JsonValue]) -> list[LoggedTurn]:
    """One answer as the answer to each of the messages."""
    return [
        LoggedTurn(
            message_id=letter.message_id,
            fingerprint=mark_of(letter.message),
            message=letter.message,
            answer={**answer, "message_id": letter.message_id},
        )
        for letter in letters
    ]


def of_one(call: TurnCall, message_id: str, answer: dict[str, JsonValue]) -> LoggedTurn:
    """A turn that read one message."""
    return LoggedTurn(message_id=message_id, fingerprint=mark_of(call.message), message=call.message, answer=answer)


def mark_of(message: str) -> str:
    """What tells a message that comes again from another under the same id."""
    return fingerprint({"role": "user", "content": message})


def _last_words(messages: Sequence[AnyMessage], mark: str) -> str:
    """What the customer said in the turn of that fingerprint; empty where an event made the turn."""
    said = (str(message.text) for message in reversed(messages) if isinstance(message, HumanMessage))
    newest = next(said, "")
    return newest if mark_of(newest) == mark else ""


def diagnostics_of(answer: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The answer's diagnostics."""
    metadata = answer.get("metadata")
    diagnostics = metadata.get("diagnostics") if isinstance(metadata, dict) else None
    return diagnostics if isinstance(diagnostics, dict) else {}


def tokens_of(answer: dict[str, JsonValue]) -> int:
    """What language models used for it."""
    llm = diagnostics_of(answer).get("llm")
    if not isinstance(llm, dict):
        return 0
    return _integer(llm.get("input_tokens")) + _integer(llm.get("output_tokens"))


def complete_timings(answer: dict[str, JsonValue], waited: float, begun: float) -> None:
    """Add what passed between the steps: waiting for the thread, and the graph with its checkpoint."""
    timing = diagnostics_of(answer).get("timing_ms")
    if isinstance(timing, dict):
        steps = sum(ms for ms in timing.values() if isinstance(ms, int | float))
        timing["graph"] = round(max(0.0, (perf_counter() - begun) * 1000 - steps), 3)
        timing["queue"] = round(waited, 3)


def _integer(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0
