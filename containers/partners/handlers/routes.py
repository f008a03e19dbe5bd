"""The routes: partners place and follow orders, and keep customers; each its own alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from customers_language.references import is_reference
from partners import commands, queries
from partners.handlers import refusals
from partners.handlers.calls import Answering, Call
from partners.handlers.requests import CustomerForm, OrderForm, WebhookForm, skus_in
from partners.ports import Answer, Api, Machine, Pricing, Shelves
from shared.runtime import log, problems
from shared.runtime.api import Response
from shared.runtime.patterns import is_uuid

ORDERS, ORDER = "/v1/partner-orders", "/v1/partner-orders/{order_id}"
CUSTOMER = "/v1/partner-customers/{reference}"
WEBHOOK = "/v1/partner-webhook"
AVAILABILITY = "/v1/partner-availability"
ENDPOINT = "/v1/partner-endpoints/{partner}"
SHOWN = ("min_version", "limit", "page_token")
"""Of a request's parameters, those that order views knows besides the customer."""


@dataclass(frozen=True, slots=True)
class Others:
    """Whom the routes call."""

    pricing: Pricing
    shelves: Shelves
    machine: Machine
    orders: Api
    order_views: Api
    customers: Api
    webhooks: Api


class Routes:
    """``all()`` are (method, path, what answers)."""

    def __init__(self, others: Others) -> None:
        self._others = others

    def all(self) -> Iterator[tuple[str, str, Answering]]:
        """What the contract names."""
        yield "POST", ORDERS, self.place_order
        yield "GET", ORDERS, self.list_orders
        yield "GET", ORDER, self.show_order
        yield "PUT", CUSTOMER, self.keep_customer
        yield "DELETE", CUSTOMER, self.forget_customer
        yield "PUT", WEBHOOK, self.keep_webhook
        yield "DELETE", WEBHOOK, self.remove_webhook
        yield "GET", AVAILABILITY, self.show_availability

    async def place_order(self, call: Call) -> Response:
        """202 with the order; the same reference gets the same answer."""
        wish = call.request.json(OrderForm).wish(call.partner)
        others = self._others
        answer = await commands.place_order(others.pricing, others.orders, others.machine, wish)
        _succeeded(answer)
        log.info("order placed", order_id=answer.document["order_id"])
        headers = _seen_at(answer, wish.customer)
        return Response(202, {**answer.document, "reference": wish.reference}, headers)

    async def show_order(self, call: Call) -> Response:
        """200 with the order."""
        order_id = call.request.path_parameters["order_id"]
        if not is_uuid(order_id):
            raise problems.not_found("order", order_id[:64])
        return await self._look(call, f"/{order_id}")

    async def list_orders(self, call: Call) -> Response:
        """200 with a page of a customer's orders."""
        return await self._look(call, "")

    async def _look(self, call: Call, below: str) -> Response:
        reference = call.request.query.get("customer", "")
        if not is_reference(reference):
            raise problems.invalid_request("customer: your own reference of the customer")
        asked = {"customer": call.partner.customer(reference)}
        asked |= {it: value for it, value in call.request.query.items() if it in SHOWN}
        path = f"{ORDERS}{below}?{urlencode(asked)}"
        answer = await self._others.order_views.send("GET", path)
        if answer.status == 404 and "retry-after" in answer.headers:
            raise problems.not_found_yet("order", below.removeprefix("/"))
        return Response(200, _succeeded(answer).document)

    async def keep_customer(self, call: Call) -> Response:
        """201 with a new customer, 200 with a changed one; nothing of it is kept here.

        Whom its orders are told to is noted first: no order can come before.
        """
        form = call.request.json(CustomerForm)
        matched = {
            it: call.request.headers[it] for it in ("if-match",) if it in call.request.headers
        }
        path = self._customer(call)
        noted = f"{_endpoint(call)}/customers/{path.rpartition('/')[2]}"
        _succeeded(await self._others.webhooks.send("PUT", noted))
        answer = _succeeded(await self._others.customers.send("PUT", path, form, matched))
        headers = {"ETag": answer.headers["etag"]} if "etag" in answer.headers else {}
        kept = {"customer": call.request.path_parameters["reference"]}
        return Response(answer.status, kept, headers)

    async def forget_customer(self, call: Call) -> Response:
        """204: it is forgotten, here as everywhere."""
        _succeeded(await self._others.customers.send("DELETE", self._customer(call)))
        return Response(204)

    async def keep_webhook(self, call: Call) -> Response:
        """201 with the first webhook, 200 with another one; it has answered a challenge."""
        form = call.request.json(WebhookForm)
        answer = _succeeded(await self._others.webhooks.send("PUT", _endpoint(call), form))
        return Response(answer.status, {"url": form.url})

    async def remove_webhook(self, call: Call) -> Response:
        """204: the partner is told nothing any more."""
        _succeeded(await self._others.webhooks.send("DELETE", _endpoint(call)))
        return Response(204)

    async def show_availability(self, call: Call) -> Response:
        """200 with what is on the shelf, or that it is not known: this refuses nobody's order."""
        skus = skus_in(call.request.query.get("skus", ""))
        found = await queries.availability_of(self._others.shelves, skus)
        items = [{"sku": sku, "availability": it} for sku, it in found.items()]
        return Response(200, {"items": items})

    @staticmethod
    def _customer(call: Call) -> str:
        reference = call.request.path_parameters["reference"]
        if not is_reference(reference):
            raise problems.not_found("customer", reference[:64])
        return CUSTOMER.format(reference=call.partner.customer(reference))


def _endpoint(call: Call) -> str:
    return ENDPOINT.format(partner=call.partner.endpoint)


def _succeeded(answer: Answer) -> Answer:
    if answer.status >= 300:
        raise refusals.of_another_service(answer)
    return answer


def _seen_at(answer: Answer, customer: str) -> Mapping[str, str]:
    """Where the order is seen, by the partner's own name for the customer."""
    parts = urlsplit(answer.headers.get("location", ""))
    if not parts.path:
        return {}
    asked = {**dict(parse_qsl(parts.query)), "customer": customer}
    return {"Location": f"{parts.path}?{urlencode(asked)}"}
