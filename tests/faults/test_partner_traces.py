"""A partner's order has one trace, from the gateway to the saga; who drops it there is named."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.containers import with_containers
from tests.support.drivers.offline import Deployment, call, eventually
from tests.support.drivers.partners_driver import order, other_pricing, without_trace
from tests.support.drivers.pricing_driver import calls
from tools.base.target import offline
from tools.emulator.partners.system import PartnersSystem
from tools.emulator.ports import free_port
from tools.emulator.pricing.system import PricingSystem
from tools.emulator.trace_receiver import TraceReceiver
from tools.emulator.trace_receiver.spans import ReceivedSpan
from tools.operations.trace import offline_spans
from tools.operations.waterfall import lost_at, rows

pytestmark = with_containers
PARTNER = "tailspin"
CUSTOMER = "traced"
WAY = ["gateway", "partners", "pricing", "orders"]
SERVICES = {*WAY, "event-log", "fulfilment", "inventory", "payments", "payment-provider"}
SERVICES |= {"shipping", "order-views", "sales", "notifications", "webhooks"}
THEIRS = "a" * 32


@dataclass(frozen=True)
class Stage:
    """Partners and pricing beside a deployment, and what is known of their traces."""

    deployment: Deployment
    pricing: PricingSystem
    partners: PartnersSystem

    @property
    def receiver(self) -> TraceReceiver:
        return TraceReceiver(self.deployment.emulator.workspace)

    @property
    def key(self) -> str:
        return self.partners.keys(self.deployment.cloud)[PARTNER]

    def place(self, **headers: str) -> str:
        """An order of a registered customer; its id."""
        url, sent = self.partners.gateway.url, {"apikey": self.key, **headers}
        person = {"name": "A Shopper", "email": "shopper@example.com"}
        path = f"{url}/v1/partner-customers/{CUSTOMER}"
        assert call("PUT", path, body=person, headers={"apikey": self.key}).status in (200, 201)
        answer = call(
            "POST", f"{url}/v1/partner-orders", body=order(customer=CUSTOMER), headers=sent
        )
        assert answer.status == 202, answer.body
        return str(answer.json["order_id"])

    def spans(self, order_id: str) -> list[ReceivedSpan]:
        """All that `make trace` would draw."""
        workspace = self.deployment.emulator.workspace
        return offline_spans(self.receiver, offline(workspace.root), order_id)

    def logged_by_pricing(self) -> list[str]:
        """Trace ids in the log of calls by gRPC, the first call's first."""
        lines = (self.pricing.envoy.folder / "calls.log").read_text().splitlines()
        return [str(json.loads(it)["traceparent"]).split("-")[1] for it in lines]

    def trace_id(self, order_id: str) -> str:
        """Of the order's first event, as the event store has it."""
        item = self.deployment.cloud.client("dynamodb").get_item(
            TableName=self.deployment.named("orders", "tables", "EventStore"),
            Key={"order_id": {"S": order_id}, "version": {"N": "1"}},
        )["Item"]
        return str(item["traceparent"]["S"]).split("-")[1]

    def is_lost_at(self, order_id: str, hop: str) -> bool:
        """Whether that becomes the one place where its trace was lost."""
        return eventually(lambda: lost_at(self.spans(order_id)) == [hop])

    @contextmanager
    def calling(self, **variables: str) -> Iterator[None]:
        """The service calls whom these variables name, until the context ends."""
        own = self.partners.whom_it_calls(self.deployment.outputs["services"])
        self._serve({**own, **variables})
        try:
            yield
        finally:
            self._serve(own)

    def _serve(self, variables: dict[str, str]) -> None:
        service = self.partners.service
        service.stop()
        assert service.wait_until_gone()
        service.start(variables)


@pytest.fixture(scope="module")
def stage(deployment: Deployment) -> Iterator[Stage]:
    workspace = deployment.emulator.workspace
    pricing, partners = PricingSystem(workspace), PartnersSystem(workspace)
    try:
        pricing.start()
        eventually(lambda: pricing.envoy.traffic.healthy()["blue"])
        partners.start(deployment.outputs)
        yield Stage(deployment, pricing, partners)
    finally:
        partners.kill()
        pricing.kill()


def test_one_trace_id_in_call_event_saga_messages_replies_and_the_log_of_grpc(
    stage: Stage,
) -> None:
    order_id = stage.place()
    trace_id = stage.trace_id(order_id)

    def whole() -> list[ReceivedSpan]:
        spans = stage.spans(order_id)
        names = {it.name for it in spans if it.service == "sales"}
        is_over = "process OrderConfirmed" in names and {it.service for it in spans} >= SERVICES
        return spans if is_over else []

    spans = eventually(whole)
    assert {it.trace_id for it in spans} == {trace_id}
    assert lost_at(spans) == []
    assert [it.span.name for it in rows(spans) if it.is_orphan] == []
    assert [it.service for it in spans if not it.parent_id] == ["gateway"]
    servers = [it for it in sorted(spans, key=lambda it: it.started) if it.kind == "server"]
    assert [it.service for it in servers][: len(WAY)] == WAY
    assert {it.name for it in spans} >= {"process CommandReplied", "process ReserveStock"}
    saga = stage.deployment.cloud.client("dynamodb").get_item(
        TableName=stage.deployment.named("fulfilment", "tables", "Sagas"),
        Key={"order_id": {"S": order_id}, "part": {"S": "saga"}},
    )["Item"]
    assert saga["traceparent"]["S"].split("-")[1] == trace_id
    eventually(lambda: trace_id in stage.logged_by_pricing())


def test_a_service_that_calls_pricing_without_the_trace_is_named(stage: Stage) -> None:
    """Pricing has answered: a call that has failed is no place where a trace was lost."""
    port, pricing = free_port(), stage.pricing.envoy
    with (
        other_pricing(pricing.folder, port, str(pricing.port("mutual"))),
        stage.calling(PRICING_HOST=f"127.0.0.1:{port}"),
    ):
        order_id = stage.place()
    assert stage.is_lost_at(order_id, "partners: Quote at pricing")


def test_a_service_that_calls_orders_without_the_trace_is_named(stage: Stage) -> None:
    orders = stage.deployment.outputs["services"]["orders"]["urls"]["Api"]
    with without_trace(orders) as url, stage.calling(ORDERS_URL=url):
        order_id = stage.place()
    assert stage.is_lost_at(order_id, "partners: POST at orders")


def test_a_gateway_that_calls_the_service_without_the_trace_is_named(stage: Stage) -> None:
    gateway, service = stage.partners.gateway, stage.partners.service

    class Behind:
        """The service, at another port."""

        def __init__(self, url: str) -> None:
            self._port = int(url.rpartition(":")[2])

        def port(self, name: str) -> int:
            return self._port if name == "port" else service.port(name)

    def again(service: Any) -> None:
        gateway.stop()
        assert gateway.wait_until_gone()
        gateway.start(service, stage.deployment.emulator.endpoint)

    with without_trace(service.url) as url:
        again(Behind(url))
        try:
            order_id = stage.place()
        finally:
            again(service)
    assert stage.is_lost_at(order_id, "gateway: POST orders at partners")


@pytest.mark.parametrize(
    "forced",
    [
        f"00-{THEIRS}-{'b' * 16}-01",
        f"00-{THEIRS}-{'b' * 16}-00",
        f"00-{'0' * 32}-{'0' * 16}-01",
        f"{THEIRS} is mine",
    ],
    ids=["sampled", "not sampled", "zeros", "malformed"],
)
def test_a_partner_chooses_neither_the_trace_nor_whether_it_is_kept(
    forced: str, stage: Stage
) -> None:
    order_id = stage.place(traceparent=forced, tracestate="a=b", baggage="a=b")
    trace_id = stage.trace_id(order_id)
    assert trace_id not in (THEIRS, "0" * 32)
    spans = eventually(lambda: stage.receiver.spans_of([trace_id]))
    assert not [it for it in spans if THEIRS in {link.trace_id for link in it.links}]


def test_a_quote_by_grpc_has_one_trace_of_its_own(stage: Stage) -> None:
    """It is a request by itself: the order that comes with it later has another trace."""
    journey = str(uuid.uuid4())
    asked = {
        "method": "Quote",
        "request": {
            "customer_id": CUSTOMER,
            "lines": [{"sku": "TEA-SENCHA", "quantity": 1}],
            "currency": "EUR",
        },
        "metadata": {
            "apikey": stage.key,
            "traceparent": f"00-{THEIRS}-{'b' * 16}-01",
            "x-correlation-id": journey,
        },
    }
    (quoted,) = calls(stage.partners.gateway.port("edge"), [asked])
    assert quoted["status"] == "OK", quoted

    def on_the_way() -> list[ReceivedSpan]:
        ids = {it.trace_id for it in stage.receiver.spans_of_journey(journey)}
        found = stage.receiver.spans_of(sorted(ids)) if ids else []
        return found if {it.service for it in found} >= set(WAY[:3]) else []

    spans = eventually(on_the_way)
    (trace_id,) = {it.trace_id for it in spans}
    assert trace_id != THEIRS
    eventually(lambda: trace_id in stage.logged_by_pricing())
    assert lost_at(spans) == []
    assert [it.service for it in spans if not it.parent_id] == ["gateway"]
