"""Three companies' back offices and a desk as one small FastAPI process; its contract is README.md beside it."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from demo.bank import Bank, build_bank, seeded_customers
from demo.books import Answer, Books, RefusedError
from demo.shop import Shop, build_shop, seeded_orders
from demo.telecom import Telecom, build_telecom, seeded_subscribers

CREDENTIALS = {
    "BANK_CLIENT": "demo-bank",
    "BANK_SECRET": "demo-bank-secret",
    "SHOP_KEY": "demo-shop-key",
    "TELECOM_TOKEN": "demo-telecom-token",
    "DESK_SECRET": "demo-desk-secret",
}
"""What is asked for where the environment names nothing else; secrets of nothing but this demo."""

LONGEST_DESK_POST = 1_000_000


def _utc_now() -> datetime:
    return datetime.now(UTC)


def build_app(
    environment: Mapping[str, str], *, now: Callable[[], datetime] = _utc_now, slow_seconds: float = 8.0
) -> FastAPI:
    """The process's application, with freshly seeded data."""
    known = {name: environment.get(name) or value for name, value in CREDENTIALS.items()}
    books = Books(now=now, slow_seconds=slow_seconds)
    bank, shop, telecom = Bank(books, known), Shop(books, known), Telecom(books, known)
    app = FastAPI(title="Demo business API", description="Three companies' back offices, in memory.")
    _answer_errors(app)
    for router in (build_bank(bank), build_shop(shop), build_telecom(telecom), build_desk(books, known)):
        app.include_router(router)

    @app.post("/reset", tags=["bookkeeping"])
    async def reset() -> Answer:
        books.clear()
        bank.customers, shop.orders, telecom.customers = seeded_customers(), seeded_orders(), seeded_subscribers()
        bank.appointments.clear()
        telecom.visits.clear()
        return {"reset": True}

    return app


def build_desk(books: Books, environment: Mapping[str, str]) -> APIRouter:
    """The desk that takes transfers, and the count of what took effect."""
    router = APIRouter(tags=["bookkeeping"])

    @router.post("/desk", status_code=202)
    async def hand_over(
        request: Request,
        signature: Annotated[str, Header(alias="X-Switchboard-Signature")] = "",
        key: Annotated[str, Header(alias="Idempotency-Key")] = "",
    ) -> Answer:
        body = await request.body()
        right = hmac.new(environment["DESK_SECRET"].encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"sha256={right}".encode(), signature.encode()):
            raise RefusedError(401, "unauthorized", "The signature is missing or wrong.")
        if len(body) > LONGEST_DESK_POST:
            raise RefusedError(413, "too_large", "The desk takes a megabyte at most.")
        if not key or ("desk", key) not in books.answered:
            books.handed.append({"key": key, **_object(body)})
            books.answered["desk", key] = ("", {})
        return {"taken": True}

    @router.get("/desk")
    async def handed() -> Answer:
        return {"handed": list(books.handed)}

    @router.get("/effects")
    async def effects() -> Answer:
        return {"total": books.effects.total(), "by_kind": dict(books.effects)}

    return router


def _object(body: bytes) -> Answer:
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise RefusedError(422, "invalid_request", "The body is not a JSON object.")
    return parsed


def _answer_errors(app: FastAPI) -> None:
    @app.exception_handler(RefusedError)
    async def say_refused(_: Request, error: RefusedError) -> JSONResponse:
        return JSONResponse({"error": error.code, "message": error.message}, error.status)

    @app.exception_handler(RequestValidationError)
    async def say_invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        places = "; ".join(f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors())
        return JSONResponse({"error": "invalid_request", "message": places}, 422)
