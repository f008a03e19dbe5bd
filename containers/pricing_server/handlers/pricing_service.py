"""The methods of shop.pricing.v1.PricingService."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

import grpc
from shop.pricing.v1 import pricing_pb2 as messages
from shop.pricing.v1 import pricing_pb2_grpc

from pricing_server import queries
from pricing_server.domain.errors import Invalid, PricingError
from pricing_server.domain.prices import Line
from pricing_server.handlers.refusals import refuse, refuse_for
from pricing_server.ports import Prices, Signer

LINES_WORTH_COMPRESSING = 20


class PricingService(pricing_pb2_grpc.PricingServiceServicer):  # type: ignore[misc]
    """Answers from what is kept in memory. ``draining`` is set when the server is about to stop."""

    def __init__(self, prices: Prices, signer: Signer, draining: asyncio.Event) -> None:
        self._prices = prices
        self._signer = signer
        self._draining = draining

    async def Quote(  # noqa: N802 - gRPC calls it so
        self, request: messages.QuoteRequest, context: grpc.aio.ServicerContext
    ) -> messages.QuoteResponse:
        """A signed offer."""
        lines = [Line(it.sku, it.quantity) for it in request.lines]
        try:
            signed = queries.quote(
                self._prices, self._signer, request.customer_id, lines, request.currency
            )
        except PricingError as refusal:
            await refuse_for(context, refusal)
        if len(lines) >= LINES_WORTH_COMPRESSING:
            context.set_compression(grpc.Compression.Gzip)
        return messages.QuoteResponse(
            quote=signed.quote,
            lines=[
                messages.QuotedLine(sku=it.sku, quantity=it.quantity, unit_price=it.unit_price)
                for it in signed.offer.lines
            ],
            total=signed.offer.total,
            currency=signed.offer.currency,
            expires_at=signed.expires_at,
        )

    async def WatchPrices(  # noqa: N802 - gRPC calls it so
        self, request: messages.WatchPricesRequest, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[messages.WatchPricesResponse]:
        """Prices in force, then changes; UNAVAILABLE when the server stops."""
        watching = queries.watch(self._prices, request.currency, tuple(request.skus))
        async with aclosing(watching) as changes:  # type: ignore[type-var]
            while True:
                try:
                    found = await self._next(changes)
                except Invalid as refusal:
                    await refuse_for(context, refusal)
                if found is None:
                    await refuse(
                        context,
                        grpc.StatusCode.UNAVAILABLE,
                        "DRAINING",
                        "this server is about to stop; watch again",
                    )
                for response in self._responses(*found, request.currency):
                    yield response
                if request.once:
                    return

    async def _next(
        self, changes: AsyncIterator[Sequence[object]]
    ) -> tuple[int, dict[str, int]] | None:
        """What comes first: a change, or the end, which is None. Raises Invalid."""
        change = asyncio.ensure_future(anext(changes))
        end = asyncio.ensure_future(self._draining.wait())
        try:
            await asyncio.wait({change, end}, return_when=asyncio.FIRST_COMPLETED)
            return change.result() if change.done() else None  # type: ignore[return-value]
        finally:
            for waiting in (change, end):
                waiting.cancel()
            await asyncio.gather(change, end, return_exceptions=True)

    @staticmethod
    def _responses(
        revision: int, prices: dict[str, int], currency: str
    ) -> list[messages.WatchPricesResponse]:
        return [
            messages.WatchPricesResponse(
                sku=sku, unit_price=price, currency=currency, revision=revision
            )
            for sku, price in prices.items()
        ]
