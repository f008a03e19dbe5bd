"""Quotes by gRPC, for partners who show a price before they order; and the health of this pod."""

import asyncio
import time
from collections.abc import Callable

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from shop.pricing.v1 import pricing_pb2 as messages
from shop.pricing.v1 import pricing_pb2_grpc

from customers_language.references import is_reference
from partners.adapters.grpc_pricing import DETAILS, GrpcPricing, OfferRefused
from partners.adapters.journeys import Journey, keep_span, present
from partners.domain.orders import Partner
from partners.handlers.calls import CONSUMER
from partners.ports import Machine, Silent
from shared.runtime.api import correlation_id_in
from shared.runtime.tracing import spans
from shared.runtime.tracing.context import begin, child_of, parse

LARGEST = 64 * 1024
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
LOOK_SECONDS = 0.2


class PartnerQuotes(pricing_pb2_grpc.PricingServiceServicer):  # type: ignore[misc]
    """Pricing's own contract; ``customer_id`` is the partner's reference of its customer.

    Prices are not watched here: that method is UNIMPLEMENTED.
    """

    def __init__(self, pricing: GrpcPricing, machine: Machine) -> None:
        self._pricing = pricing
        self._machine = machine

    async def Quote(  # noqa: N802 - gRPC calls it so
        self, request: messages.QuoteRequest, context: grpc.aio.ServicerContext
    ) -> messages.QuoteResponse:
        """A signed offer for one of the calling partner's customers."""
        headers = dict(context.invocation_metadata() or ())
        parent = parse(headers.get("traceparent"))
        journey = Journey(child_of(parent) if parent else begin(), correlation_id_in(headers))
        present.set(journey)
        begun = time.time_ns()
        try:
            return await self._quote(request, headers.get(CONSUMER, ""), context)
        finally:
            keep_span(
                journey,
                "shop.pricing.v1.PricingService/Quote",
                spans.SERVER,
                parent_id=parent.span_id if parent else None,
                attributes={"rpc.method": "Quote"},
                began=begun,
            )

    async def _quote(
        self, request: messages.QuoteRequest, consumer: str, context: grpc.aio.ServicerContext
    ) -> messages.QuoteResponse:
        if not consumer:
            await context.abort(
                grpc.StatusCode.UNAUTHENTICATED, "requests come through the gateway"
            )
        if not is_reference(request.customer_id):
            await context.abort(
                grpc.StatusCode.INVALID_ARGUMENT, "customer_id: your own reference of the customer"
            )
        reference = Partner(consumer).customer(request.customer_id)
        try:
            asked = messages.QuoteRequest()
            asked.CopyFrom(request)
            asked.customer_id = await self._machine.customer_id(reference)
            return await self._pricing.offer(asked)
        except OfferRefused as refused:
            trailers = ((DETAILS, refused.details),) if refused.details else ()
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, refused.message, trailers)
        except Silent as silent:
            await context.abort(
                grpc.StatusCode.UNAVAILABLE, f"{silent.who} does not answer; try again"
            )
        raise AssertionError("abort raises")


class GrpcServer:
    """Quotes and health on one port; ``is_ready`` is what the health says."""

    def __init__(self, address: str, quotes: PartnerQuotes, is_ready: Callable[[], bool]) -> None:
        self._is_ready = is_ready
        self._health = health.aio.HealthServicer()
        self._server = grpc.aio.server(
            options=(("grpc.max_receive_message_length", LARGEST), ("grpc.so_reuseport", 0))
        )
        pricing_pb2_grpc.add_PricingServiceServicer_to_server(quotes, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._server.add_insecure_port(address)

    async def serve(self) -> None:
        """Until it is cancelled."""
        await self._server.start()
        while True:
            await self._health.set("", SERVING if self._is_ready() else NOT_SERVING)
            await asyncio.sleep(LOOK_SECONDS)

    async def stop(self, seconds: float) -> None:
        """Finish what is under way within that time."""
        await self._server.stop(seconds)
