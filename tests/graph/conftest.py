"""A room with the small bank in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dialogue.talking import act, bank, fill, lira, question, start, thanks
from tests.graph.fakes import Room, Script

IBAN = "TR330006100519786457841326"

MEANINGS = {
    "send 500": (start("send_money"), fill("amount", lira(500), "500")),
    IBAN: (fill("iban", IBAN, IBAN),),
    "yes": (act("affirm"),),
    "no": (act("deny"),),
    "yes but 600": (act("affirm"), fill("amount", lira(600), "600")),
    "balance": (start("balance"),),
    "12345678": (fill("customer", "12345678", "12345678"),),
    "what is the fee": (question("what is the fee"),),
    "a person please": (act("person"),),
    "cancel": (act("cancel"),),
    "thanks": (thanks(),),
}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """A bank, one customer, real storage."""
    async with Room(bank(), Script(MEANINGS), tmp_path).open() as opened:
        yield opened
