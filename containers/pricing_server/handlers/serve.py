"""`python -m pricing_server.handlers.serve`: the server, until SIGTERM; then it drains and ends."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from shop.pricing.v1 import pricing_pb2, pricing_pb2_grpc

from orders_language.quotes import SigningKey
from pricing_server.adapters.configured_prices import ConfiguredPrices
from pricing_server.adapters.signed_offers import SignedOffers
from pricing_server.environment import ServerEnvironment
from pricing_server.handlers.calls import Identified, Recorded
from pricing_server.handlers.pricing_service import PricingService
from pricing_server.handlers.tally import Tally
from shared.runtime import aws, log
from shared.runtime.configuration import AgentEnvironment
from shared.runtime.environment import MissingVariable, load
from shared.runtime.secrets import Secret
from shared.runtime.tracing import spans, writer

HOST = "127.0.0.1"
"""Envoy alone calls it, from the same task."""
LARGEST_REQUEST = 64 * 1024
"""Bytes; fifty lines take three thousand."""
HEALTH_LOOKS = 3
GRACE_SECONDS = 10.0
"""For calls that are under way when nothing new comes any more."""
TELL_SECONDS = 5.0
SERVICE = pricing_pb2.DESCRIPTOR.services_by_name["PricingService"].full_name
_OPTIONS = (
    ("grpc.max_receive_message_length", LARGEST_REQUEST),
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.so_reuseport", 0),  # a port that is taken is an error, and never shared
    ("grpc.max_concurrent_streams", 1000),
)


class PricingServer:
    """One server with what it keeps in memory. ``more`` are further interceptors, innermost."""

    def __init__(
        self,
        environment: ServerEnvironment,
        prices: ConfiguredPrices,
        signer: SignedOffers,
        more: Sequence[grpc.aio.ServerInterceptor] = (),
    ) -> None:
        self._environment = environment
        self._prices = prices
        self._signer = signer
        self._tally = Tally(environment.release)
        self._draining = asyncio.Event()
        self._health = health.aio.HealthServicer()
        self._beside: list[asyncio.Task[None]] = []
        self._server = grpc.aio.server(
            interceptors=(Recorded(self._tally), Identified(), *more), options=_OPTIONS
        )

    async def start(self, agent_seconds: float | None) -> int:
        """Listen; the port. It is healthy once there is a key. Raises RuntimeError: port taken.

        Every ``agent_seconds`` the agent is asked for prices; None: there is no agent.
        """
        service = PricingService(self._prices, self._signer, self._draining)
        pricing_pb2_grpc.add_PricingServiceServicer_to_server(service, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if self._environment.reflection == "yes":
            from grpc_reflection.v1alpha import reflection

            names = (SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)
        await self._say(health_pb2.HealthCheckResponse.NOT_SERVING)
        port: int = self._server.add_insecure_port(f"{HOST}:{self._environment.port}")
        await self._server.start()
        if agent_seconds is not None:
            self._every(agent_seconds, self._prices.refresh)
        self._every(self._environment.signing_key_seconds, self._keep_key, until_ready=0.5)
        self._every(TELL_SECONDS, self._tell)
        return port

    async def drain(self) -> None:
        """Say NOT_SERVING, serve on for three looks at the health, then finish calls and end."""
        log.info("draining")
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(HEALTH_LOOKS * self._environment.health_interval_seconds)
        self._draining.set()  # not sooner: who watches again must not come back to this server
        await self._server.stop(GRACE_SECONDS)
        for task in self._beside:
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)
        await self._tell()
        log.info("stopped")

    async def _keep_key(self) -> None:
        await self._signer.refresh()
        if self._signer.is_ready:  # a server that drains says NOT_SERVING whatever is set
            await self._say(health_pb2.HealthCheckResponse.SERVING)

    async def _say(self, status: int) -> None:
        for service in ("", SERVICE):
            await self._health.set(service, status)

    async def _tell(self) -> None:
        self._tally.tell()
        kept, lost = spans.take()
        if kept or lost:
            await asyncio.to_thread(writer.write, kept, lost)

    def _every(
        self, seconds: float, do: Callable[[], Awaitable[None]], *, until_ready: float | None = None
    ) -> None:
        async def repeated() -> None:
            while True:
                try:
                    await do()
                except Exception as error:
                    log.error("work beside the calls failed", error=type(error).__name__)
                is_soon = until_ready is not None and not self._signer.is_ready
                await asyncio.sleep(until_ready if is_soon and until_ready else seconds)

        self._beside.append(asyncio.get_running_loop().create_task(repeated()))


async def serve(more: Sequence[grpc.aio.ServerInterceptor] = ()) -> None:
    """Serve until SIGTERM or SIGINT, then drain."""
    environment = load(ServerEnvironment)
    keys = Secret(
        aws.brief_client("secretsmanager"), environment.quote_signing_secret_arn, SigningKey
    )
    server = PricingServer(environment, ConfiguredPrices(), SignedOffers(keys), more)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    port = await server.start(_agent_seconds())
    log.info("serving", port=port, release=environment.release)
    await stop.wait()
    await server.drain()


def _agent_seconds() -> float | None:
    """A server without configuration serves at the packaged prices, and says so."""
    try:
        return load(AgentEnvironment).configuration_poll_seconds
    except MissingVariable as missing:
        log.warning("the packaged prices hold for good", reason=str(missing))
        log.metric("ConfigurationUnreachable", 1)
        return None


if __name__ == "__main__":
    asyncio.run(serve())
