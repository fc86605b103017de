"""The business behind the small bot: a real HTTP server on loopback that does as it is told and remembers."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One request as it arrived."""

    headers: Mapping[str, str]
    content: bytes
    body: Any


class Business:
    """Transfers, orders and a desk."""

    def __init__(self) -> None:
        self.transfers: list[Letter] = []
        self.letters: list[Letter] = []
        self.statuses: dict[str, int] = defaultdict(lambda: 200)
        """What an address answers with, by its first part."""
        self.order = {"status": "shipped", "day": "2030-03-15"}
        """What is told of every order."""
        self.desk_fails = 0
        """How often the desk refuses before it takes a letter."""
        self.asked = asyncio.Event()
        """Somebody asked for an order."""
        self.answering = asyncio.Event()
        """Cleared, orders are not told of yet."""
        self.answering.set()
        self._arrived = asyncio.Event()
        self.app = FastAPI(openapi_url=None)
        self.app.add_api_route("/transfers", self._transfer, methods=["POST"])
        self.app.add_api_route("/orders/{number}", self._order, methods=["GET"])
        self.app.add_api_route("/desk", self._desk, methods=["POST"])

    async def letters_of(self, session: str, count: int) -> list[Letter]:
        """What the desk got about a session, waited for until it is `count` letters."""
        async with asyncio.timeout(10):
            while len(found := [letter for letter in self.letters if letter.body["session_id"] == session]) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return found

    async def _transfer(self, request: Request) -> JSONResponse:
        self.transfers.append(await _letter(request))
        return JSONResponse({"id": f"T-{len(self.transfers)}"}, self.statuses["transfers"])

    async def _order(self, number: str) -> JSONResponse:
        self.asked.set()
        await self.answering.wait()
        found = {"number": number, **self.order}
        return JSONResponse(found, self.statuses["orders"])

    async def _desk(self, request: Request) -> JSONResponse:
        self.letters.append(await _letter(request))
        self._arrived.set()
        if self.desk_fails:
            self.desk_fails -= 1
            return JSONResponse({}, 503)
        return JSONResponse({})


async def _letter(request: Request) -> Letter:
    return Letter(headers=dict(request.headers), content=await request.body(), body=await request.json())
