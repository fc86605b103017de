"""A Chinese online shop's back office: orders, returns, address changes, invoices."""

import asyncio
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header
from pydantic import Field

from demo.books import Answer, Books, Form, IdempotencyKey, RefusedError, money

RETURN_DAYS = 7
SLOW_ORDER = "D10009"
STATUS_TEXTS = {
    "paid": ("已付款，待发货", "paid, waiting to be packed"),
    "packed": ("已打包，待揽收", "packed, waiting for the carrier"),
    "shipped": ("运输中", "on its way"),
    "delivered": ("已签收", "delivered"),
    "cancelled": ("已取消", "cancelled"),
}


class ReturnRequest(Form):
    """Why an order comes back."""

    reason: Literal["quality", "wrong_item", "not_needed", "damaged", "other"]
    note: str | None = None


class AddressRequest(Form):
    """Where an order shall go."""

    address: str = Field(min_length=4, max_length=200)
    phone: str | None = None
    recipient: str | None = None


class InvoiceRequest(Form):
    """To whom an invoice is written."""

    title: str = Field(min_length=1, max_length=100)
    kind: Literal["personal", "company"] = "personal"
    tax_id: str | None = None
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")


@dataclass
class Order:
    """One order; `delivered_days` counts back from today."""

    status: str
    goods: str
    total: float
    address: str
    delivered_days: int | None = None
    returned: bool = False
    return_number: str | None = None
    """Of a return that the courier has not fetched."""
    invoiced: bool = False


def seeded_orders() -> dict[str, Order]:
    """The orders named in the README."""
    return {
        "D10001": Order("paid", "蓝牙耳机", 299.0, "上海市浦东新区世纪大道100号"),
        "D10002": Order("shipped", "电饭煲", 459.0, "北京市海淀区中关村大街1号"),
        "D10003": Order("delivered", "运动鞋", 520.0, "广州市天河区体育西路50号", 2),
        "D10004": Order("delivered", "台灯", 129.0, "成都市武侯区人民南路8号", 20),
        "D10005": Order("delivered", "保温杯", 89.0, "杭州市西湖区文三路9号", 3, returned=True),
        "D10006": Order("delivered", "键盘", 349.0, "深圳市南山区科技园1号", 1, invoiced=True),
        "D10007": Order("cancelled", "雨伞", 59.0, "武汉市洪山区珞喻路2号"),
        "D10008": Order("packed", "双肩包", 239.0, "南京市鼓楼区中山路3号"),
        "D10009": Order("shipped", "咖啡机", 1299.0, "西安市雁塔区小寨路6号"),
    }


@dataclass
class Shop:
    """The shop's data and its rules."""

    books: Books
    environment: Mapping[str, str]
    orders: dict[str, Order] = field(default_factory=seeded_orders)

    async def allow(self, x_api_key: Annotated[str, Header()] = "") -> None:
        """Lets only the right key pass."""
        if not hmac.compare_digest(x_api_key.encode(), self.environment["SHOP_KEY"].encode()):
            raise RefusedError(401, "unauthorized", "The API key is missing or wrong.")

    def order(self, number: str) -> Order:
        """The order of that number."""
        if number.upper() not in self.orders:
            raise RefusedError(404, "unknown_order", "There is no order of that number.")
        return self.orders[number.upper()]

    def show(self, number: str) -> Answer:
        """One order as the shop tells it."""
        order = self.order(number)
        zh, en = STATUS_TEXTS[order.status]
        under_way = order.status == "shipped"
        return {
            "order": {
                "id": number.upper(),
                "status": order.status,
                "status_text": {"zh": zh, "en": en},
                "items": [{"name": order.goods, "quantity": 1, "price": money(order.total, "CNY")}],
                "total": money(order.total, "CNY"),
                "carrier": "顺丰" if order.status in ("shipped", "delivered") else None,
                "tracking": f"SF{number[1:]}2026" if order.status in ("shipped", "delivered") else None,
                "eta": (self.books.today() + timedelta(days=2)).isoformat() if under_way else None,
                "address": order.address,
            }
        }

    def take_back(self, number: str) -> Answer:
        """Accept a return."""
        order = self.order(number)
        if order.delivered_days is None:
            raise RefusedError(409, "not_delivered", "Only delivered orders can be returned.")
        if order.returned:
            raise RefusedError(409, "already_returned", "This order was returned already.")
        if order.delivered_days > RETURN_DAYS:
            raise RefusedError(409, "window_over", f"Returns end {RETURN_DAYS} days after delivery.")
        order.returned = True
        pickup = (self.books.today() + timedelta(days=1)).isoformat()
        name = order.return_number = self.books.number("return", "TH")
        return {"return": {"id": name, "refund": money(order.total, "CNY"), "pickup": pickup}}

    def keep(self, number: str) -> Answer:
        """Withdraw a return that was registered here and not fetched yet."""
        order = self.order(number)
        if order.return_number is None:
            raise RefusedError(409, "no_return", "There is no return of this order that can be withdrawn.")
        name, order.return_number, order.returned = order.return_number, None, False
        self.books.effects["return_withdrawn"] += 1
        return {"return": {"id": name, "status": "withdrawn"}}

    def readdress(self, number: str, request: AddressRequest) -> Answer:
        """Send an order elsewhere, as long as it is here."""
        order = self.order(number)
        if order.status not in ("paid", "packed"):
            raise RefusedError(409, "already_shipped", "The order has left the warehouse or was cancelled.")
        order.address = request.address
        name = self.books.number("address_change", "DZ")
        return {"change": {"id": name, "order": number.upper(), "address": request.address}}

    def bill(self, number: str, request: InvoiceRequest) -> Answer:
        """Write an invoice."""
        order = self.order(number)
        if request.kind == "company" and not re.fullmatch(r"[A-Z0-9]{18}", request.tax_id or ""):
            raise RefusedError(422, "tax_id_needed", "A company's invoice needs its tax id of 18 characters.")
        if order.invoiced:
            raise RefusedError(409, "already_invoiced", "This order has an invoice already.")
        order.invoiced = True
        name = self.books.number("invoice", "FP")
        return {"invoice": {"number": name, "amount": money(order.total, "CNY"), "email": request.email}}


def build_shop(shop: Shop) -> APIRouter:
    """The shop's endpoints."""
    router = APIRouter(prefix="/shop", tags=["shop"], dependencies=[Depends(shop.allow)])
    once = shop.books.once

    @router.get("/orders/{order}")
    async def show(order: str) -> Answer:
        return shop.show(order)

    @router.get("/orders/{order}/route")
    async def route(order: str) -> Answer:
        shop.order(order)
        if order.upper() == SLOW_ORDER:
            await asyncio.sleep(shop.books.slow_seconds)
        day = shop.books.today()
        steps = [(2, "已揽收"), (1, "到达上海转运中心"), (0, "派送中")]
        return {"route": [{"at": (day - timedelta(days=ago)).isoformat(), "text": text} for ago, text in steps]}

    @router.post("/orders/{order}/returns", status_code=201)
    async def take_back(order: str, request: ReturnRequest, key: IdempotencyKey = None) -> Answer:
        return once("return", key, request, lambda: shop.take_back(order), about=order)

    @router.delete("/orders/{order}/returns")
    async def keep(order: str, key: IdempotencyKey = None) -> Answer:
        return once("return_withdrawn", key, None, lambda: shop.keep(order), about=order)

    @router.put("/orders/{order}/address")
    async def readdress(order: str, request: AddressRequest, key: IdempotencyKey = None) -> Answer:
        return once("address_change", key, request, lambda: shop.readdress(order, request), about=order)

    @router.post("/orders/{order}/invoice", status_code=201)
    async def bill(order: str, request: InvoiceRequest, key: IdempotencyKey = None) -> Answer:
        return once("invoice", key, request, lambda: shop.bill(order, request), about=order)

    return router
