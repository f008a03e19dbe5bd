"""Pricing by gRPC: through VPC Lattice with signed calls, or by mutual TLS."""

from collections.abc import Callable, Sequence
from pathlib import Path

import grpc
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from shop.pricing.v1 import pricing_pb2 as messages
from shop.pricing.v1 import pricing_pb2_grpc

from partners.adapters.breaker import Breaker
from partners.adapters.journeys import calling
from partners.domain.orders import Line
from partners.ports import NoQuote, Silent
from shared.runtime import aws, log

SIGNED_FOR = "vpc-lattice-svcs"
UNSIGNED = "UNSIGNED-PAYLOAD"
"""Lattice does not look at bodies: what it checks is who calls which method."""
_OPTIONS = (
    ("grpc.max_receive_message_length", 256 * 1024),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
)
DETAILS = "grpc-status-details-bin"
Signature = Callable[[str], Sequence[tuple[str, str]]]


class OfferRefused(Exception):
    """Pricing understood the request and says no; ``details`` are google.rpc.Status."""

    def __init__(self, message: str, details: bytes) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class GrpcPricing:
    """Implements ``partners.ports.Pricing``. ``channel`` is opened on first use."""

    def __init__(self, channel: grpc.aio.Channel, breaker: Breaker, seconds: float) -> None:
        self._stub = pricing_pb2_grpc.PricingServiceStub(channel)
        self._breaker = breaker
        self._seconds = seconds

    async def quote(self, customer_id: str, lines: Sequence[Line], currency: str) -> str:
        """See ``Pricing``. A refusal is orders' to say, which looks at the same lines."""
        request = messages.QuoteRequest(
            customer_id=customer_id,
            lines=[messages.Line(sku=it.sku, quantity=min(it.quantity, 2**31 - 1)) for it in lines],
            currency=currency,
        )
        try:
            return str((await self.offer(request)).quote)
        except Silent as silent:
            log.metric("OrdersWithoutQuote", 1)
            raise NoQuote from silent
        except OfferRefused as refused:
            raise NoQuote from refused

    async def offer(self, request: messages.QuoteRequest) -> messages.QuoteResponse:
        """Pricing's own answer. Raises Silent, OfferRefused."""
        answer = await self._breaker.call(lambda: self._ask(request), self._seconds)
        if isinstance(answer, OfferRefused):
            raise answer
        return answer

    async def _ask(self, request: messages.QuoteRequest) -> "messages.QuoteResponse | OfferRefused":
        """A refusal is an answer, too: whoever gives one is there."""
        try:
            with calling("Quote at pricing", {"rpc.method": "Quote"}) as trace:
                return await self._stub.Quote(
                    request, metadata=tuple(trace.items()), timeout=self._seconds
                )
        except grpc.aio.AioRpcError as error:
            if error.code() == grpc.StatusCode.INVALID_ARGUMENT:
                details = dict(error.trailing_metadata() or ()).get(DETAILS, b"")
                return OfferRefused(error.details() or "", bytes(details))
            raise Silent(self._breaker.who) from error


def channel_to(host: str, certificates: str, region: Callable[[], str]) -> grpc.aio.Channel:
    """``host`` with or without a port; ``certificates`` is a folder, or empty for Lattice."""
    target = host if ":" in host else f"{host}:443"
    if certificates:
        folder = Path(certificates)
        mutual = grpc.ssl_channel_credentials(
            (folder / "authority.pem").read_bytes(),
            private_key=(folder / "partners.key").read_bytes(),
            certificate_chain=(folder / "partners.pem").read_bytes(),
        )
        return grpc.aio.secure_channel(target, mutual, _OPTIONS)
    signed = grpc.composite_channel_credentials(
        grpc.ssl_channel_credentials(),
        grpc.metadata_call_credentials(Signing(signature(host, region()))),
    )
    options = (*_OPTIONS, ("grpc.default_authority", host))
    return grpc.aio.secure_channel(target, signed, options)


class Signing(grpc.AuthMetadataPlugin):  # type: ignore[misc]
    """gRPC asks it for each call, beside the event loop."""

    def __init__(self, sign: Signature) -> None:
        self._sign = sign

    def __call__(
        self, context: grpc.AuthMetadataContext, callback: grpc.AuthMetadataPluginCallback
    ) -> None:
        """What a call carries besides."""
        path = f"/{context.service_url.partition('//')[2].partition('/')[2]}/{context.method_name}"
        try:
            callback(tuple(self._sign(path)), None)
        except Exception as failure:
            callback((), failure)


def signature(host: str, region: str) -> Signature:
    """Signs a call's method and host, as IAM asks for it (Signature Version 4)."""

    def sign(path: str) -> Sequence[tuple[str, str]]:
        request = AWSRequest("POST", f"https://{host}{path}", {"X-Amz-Content-SHA256": UNSIGNED})
        SigV4Auth(aws.credentials(), SIGNED_FOR, region).add_auth(request)
        return [(name.lower(), str(value)) for name, value in request.headers.items()]

    return sign
