"""The customers of a run: they order, repeat themselves, change their minds, and read.

They remember what they were told. What they were told must have been true, and stay true.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.simulation.aws.functions import Functions
from tools.simulation.world import World

SKUS = ("MUG-BLUE", "MUG-RED", "TEAPOT-IRON", "TEA-ASSAM", "TEA-SENCHA", "KETTLE-STEEL")
CUSTOMERS = tuple(f"c{it}0000000-0000-4000-8000-00000000000{it}" for it in range(3))
GATEWAY_SECONDS = 29.0
"""How long API Gateway waits for a function."""
PATIENCE = 40
"""Tries of one request before a customer says that nobody answers."""
Json = dict[str, Any]


@dataclass
class Told:
    """What a customer was told of one order. ``total`` in minor units."""

    order_id: str
    customer: str
    total: int
    lines: list[Json]
    versions: dict[int, str] = field(default_factory=dict)
    """By version, the status that a command was answered with."""
    refused: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    """Keys of cancellations, by their answers."""
    seen: int = 0
    """The newest version that was read."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; status 504 if none came."""

    status: int
    body: Json


class Shop:
    """All customers of one run; ``violations`` are answers that contradict each other."""

    def __init__(self, world: World, functions: Functions, orders: int) -> None:
        self._world = world
        self._functions = functions
        self._orders = orders
        self.told: dict[str, Told] = {}
        self.violations: list[str] = []
        self.busy = 0
        self.answers = 0

    def open(self, seconds: float) -> None:
        """Orders come at any time in so many seconds."""
        chance = random.Random(f"customers {self._world.seed}")  # noqa: S311 - repeatable
        for number in range(self._orders):
            self.busy += 1
            own = random.Random(f"customer {self._world.seed} {number}")  # noqa: S311
            customer = CUSTOMERS[number % len(CUSTOMERS)]
            order = _Customer(self, number, customer, own)
            self._world.after(chance.uniform(0, seconds), order.begin)

    def ask(self, function: str, about: Json) -> Answer:
        """One request through the gateway, from the process at work."""
        world, caller = self._world, self._world.current
        assert caller is not None
        turn = caller.turn

        def ended(answer: Any, error: str | None) -> None:
            world.after(0.0, lambda: caller.resume((answer, error), turn))

        self._functions.invoke(function, about, ended)
        waits = GATEWAY_SECONDS
        if world.dice.throw("client gives up"):
            waits = world.dice.between(0.01, 2)
        world.after(waits, lambda: caller.resume(None, turn))
        answered = world.wait()
        self.answers += 1
        if answered is None or answered[1] is not None:
            return Answer(504 if answered is None else 502, {})
        return Answer(answered[0]["statusCode"], json.loads(answered[0]["body"] or "{}"))

    def contradicts(self, what: str) -> None:
        """Somebody was told something that cannot be."""
        self._world.tell("VIOLATION", what)
        self.violations.append(what)

    @property
    def world(self) -> World:
        """Where it all happens."""
        return self._world


class _Customer:
    """One order of one customer, from the first request to the last look."""

    def __init__(self, shop: Shop, number: int, customer: str, chance: random.Random) -> None:
        self._shop = shop
        self._number = number
        self._customer = customer
        self._chance = chance

    def begin(self) -> None:
        """At once."""
        self._shop.world.spawn(f"customer {self._number}", self._run, self._ended)

    def _ended(self, _answer: Any, error: BaseException | None) -> None:
        self._shop.busy -= 1
        if error is not None:
            raise error

    def _run(self) -> None:
        dice, chance, world = self._shop.world.dice, self._chance, self._shop.world
        body = self._body()
        told = self._place(body)
        if told is None:
            return
        if dice.throw("client repeats a request"):
            world.pause(chance.uniform(0, 30))
            self._place(body)
        if dice.throw("client reuses a key"):
            self._reuse_key(body)
        if dice.throw("client pries"):
            self._pry(told)
        if chance.random() < 0.6:
            self._look(told, 1)
        if chance.random() < 0.4:
            world.pause(chance.choice((0.0, chance.uniform(0, 3), chance.uniform(0, 90))))
            if dice.throw("client sends two at once"):
                world.spawn(f"other device of {self._number}", lambda: self._cancel(told, "other"))
            self._cancel(told, "cancel")
            if dice.throw("client repeats a request"):
                world.pause(chance.uniform(0, 30))
                self._cancel(told, "cancel")
        for _ in range(chance.randrange(4)):
            world.pause(chance.uniform(0, 60))
            self._look(told, 0)

    def _body(self) -> Json:
        chance = self._chance
        skus = chance.sample(SKUS, chance.randint(1, 3))
        return {
            "lines": [{"sku": sku, "quantity": chance.randint(1, 5)} for sku in skus],
            "currency": "EUR",
            "ship_to": {
                "address_id": "a0000000-0000-4000-8000-000000000001",
                "country": chance.choice(("DE", "NL", "FR")),
                "postcode_area": "10",
            },
        }

    def _place(self, body: Json) -> Told | None:
        shop = self._shop
        answer = self._until_answered("orders-PlaceOrder", "POST", "/v1/orders", body, "place")
        if answer is None or answer.status != 202:
            shop.contradicts(f"order {self._number}: placing was answered with {answer}")
            return None
        known = shop.told.get(answer.body["order_id"])
        told = known or Told(
            answer.body["order_id"], self._customer, answer.body["total"], body["lines"]
        )
        if known and (known.total, known.customer) != (answer.body["total"], self._customer):
            shop.contradicts(f"{told.order_id}: one key, two answers: {known} and {answer.body}")
        if answer.body["version"] != 1 or answer.body["status"] != "placed":
            shop.contradicts(f"{told.order_id}: a repetition changed the answer: {answer.body}")
        shop.told[told.order_id] = told
        told.versions[1] = "placed"
        return told

    def _pry(self, told: Told) -> None:
        """As somebody else: there must be no such order."""
        mine, self._customer = self._customer, CUSTOMERS[CUSTOMERS.index(self._customer) - 1]
        path = f"/v1/orders/{told.order_id}"
        seen = self._request("order-views-GetOrder", "GET", path, None, "")
        reason = {"reason": "other"}
        called_off = self._until_answered(
            "orders-CancelOrder", "POST", f"{path}/cancellation", reason, "pry"
        )
        self._customer = mine
        if seen.status == 200 or called_off is None or called_off.status != 404:
            self._shop.contradicts(f"{told.order_id}: a stranger got {seen} and {called_off}")

    def _reuse_key(self, body: Json) -> None:
        other = {**body, "lines": [{"sku": "TABLE-OAK", "quantity": 1}]}
        answer = self._until_answered("orders-PlaceOrder", "POST", "/v1/orders", other, "place")
        if answer is None or answer.status != 422:
            self._shop.contradicts(f"order {self._number}: a key was reused: {answer}")

    def _cancel(self, told: Told, key: str) -> None:
        path = f"/v1/orders/{told.order_id}/cancellation"
        reason = {"reason": "changed_mind"}
        answer = self._until_answered("orders-CancelOrder", "POST", path, reason, key)
        if answer is None or answer.status not in (202, 409):
            self._shop.contradicts(f"{told.order_id}: cancelling was answered with {answer}")
            return
        if answer.status == 409:
            told.refused.add(key)
        if answer.status == 202:
            if key in told.refused:
                self._shop.contradicts(f"{told.order_id}: {key} was refused, and then it was not")
            told.cancelled.add(key)
            told.versions[answer.body["version"]] = answer.body["status"]
            self._look(told, answer.body["version"])

    def _look(self, told: Told, least: int) -> None:
        """Read the order until it has a version; it must never have an older one than before."""
        path = f"/v1/orders/{told.order_id}"
        world = self._shop.world
        for _ in range(400):
            seen_before = told.seen
            query = {"min_version": str(least)} if least else None
            answer = self._request("order-views-GetOrder", "GET", path, None, "", query)
            if answer.status == 200:
                self._compare(told, answer.body, max(least, seen_before))
                return
            if answer.status == 404 and not least and not told.seen:
                return
            world.pause(self._chance.uniform(0.5, 5) * (1 if not world.dice.are_over else 5))
        self._shop.contradicts(f"{told.order_id}: version {least} was never to be seen")

    def _compare(self, told: Told, view: Json, least: int) -> None:
        if view["version"] < least:
            self._shop.contradicts(f"{told.order_id}: version {view['version']} after {least}")
        told.seen = max(told.seen, view["version"])
        if view["total"] != told.total or view["lines"] is None:
            self._shop.contradicts(f"{told.order_id}: another total is seen: {view}")
        expected = told.versions.get(view["version"], view["status"])
        if view["status"] != expected:
            self._shop.contradicts(f"{told.order_id}: {view['status']} is seen, not {expected}")

    def _until_answered(
        self, function: str, method: str, path: str, body: Json, key: str
    ) -> Answer | None:
        for attempt in range(PATIENCE):
            if attempt:
                self._shop.world.pause(self._chance.uniform(0.1, min(30, 2**attempt)))
            answer = self._request(function, method, path, body, f"{key}-{self._number}")
            if answer.status < 500 and not _is_conflict(answer):
                return answer
        return None

    def _request(
        self,
        function: str,
        method: str,
        path: str,
        body: Json | None,
        key: str,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        parts = path.split("/")
        return self._shop.ask(
            function,
            {
                "httpMethod": method,
                "resource": "/".join("{order_id}" if len(it) == 36 else it for it in parts),
                "path": path,
                "headers": {"Idempotency-Key": key, "Content-Type": "application/json"},
                "pathParameters": {"order_id": parts[3]} if len(parts) > 3 else None,
                "queryStringParameters": query,
                "requestContext": {
                    "requestId": f"b0000000-0000-4000-8000-{self._shop.answers:012}",
                    "authorizer": {"claims": {"sub": self._customer}},
                },
                "body": json.dumps(body) if body is not None else None,
            },
        )


def _is_conflict(answer: Answer) -> bool:
    """Somebody else changed the order meanwhile: the caller may try again."""
    return answer.status == 409 and str(answer.body.get("type", "")).endswith("conflict")
