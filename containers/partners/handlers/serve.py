"""`python -m partners.handlers.serve`: the service, until SIGTERM; then it drains and ends."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

import httpx
import uvicorn

from partners.adapters.breaker import Breaker
from partners.adapters.grpc_pricing import GrpcPricing, channel_to
from partners.adapters.http_api import HttpApi
from partners.adapters.machine_token import MachineTokens
from partners.adapters.mesh_availability import MeshAvailability, connection_to, signature
from partners.environment import ServiceEnvironment
from partners.handlers.app import application
from partners.handlers.grpc_quotes import GrpcServer, PartnerQuotes
from partners.handlers.routes import Others, Routes
from partners.ports import Silent
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.tracing import spans, writer

LOOKS = 2
GRACE_SECONDS = 10
"""For requests that are under way when nothing new comes any more."""
TELL_SECONDS = 1.0
MOST_CONNECTIONS = 64


class PartnersService:
    """One process with what it calls others by."""

    def __init__(self, environment: ServiceEnvironment) -> None:
        self._environment = environment
        self._draining = False
        limits = httpx.Limits(max_connections=MOST_CONNECTIONS)
        self._http = httpx.AsyncClient(
            limits=limits, timeout=environment.call_seconds, trust_env=False
        )
        self._tokens = MachineTokens(
            Path(environment.machine_client_file),
            self._http,
            Breaker("login"),
            environment.token_seconds,
        )
        certificates = environment.mesh_certificates
        self._channel = channel_to(environment.pricing_host, certificates, aws.region)
        self._mesh = connection_to(certificates)
        pricing = GrpcPricing(self._channel, Breaker("pricing"), environment.quote_seconds)
        others = Others(
            pricing=pricing,
            shelves=MeshAvailability(
                environment.availability_host,
                self._mesh,
                signature(certificates, aws.region),
                Breaker("inventory"),
                environment.availability_seconds,
            ),
            machine=self._tokens,
            orders=self._api("orders", environment.orders_url),
            order_views=self._api("order-views", environment.order_views_url),
            customers=self._api("customers", environment.customers_url),
            webhooks=self._api("webhooks", environment.webhooks_url),
        )
        self._grpc = GrpcServer(
            f"{environment.host}:{environment.grpc_port}",
            PartnerQuotes(pricing, self._tokens),
            self.is_ready,
        )
        app = application(Routes(others), self.is_ready, environment.request_seconds)
        self._server = _Server(
            uvicorn.Config(
                app,
                host=environment.host,
                port=environment.port,
                access_log=False,
                log_level="warning",
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
                timeout_keep_alive=75,  # longer than whoever keeps connections to us
            )
        )

    def is_ready(self) -> bool:
        """Whether requests may come: there is a token, and no end in sight."""
        return not self._draining and self._tokens.is_ready

    async def serve(self) -> None:
        """Until SIGTERM or SIGINT."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        beside = [self._every(1.0, self._keep_token), self._every(TELL_SECONDS, self._tell)]
        beside.append(loop.create_task(self._grpc.serve()))
        served = loop.create_task(self._server.serve())
        ended = loop.create_task(stop.wait())
        log.info("serving", port=self._environment.port)
        await asyncio.wait({served, ended}, return_when=asyncio.FIRST_COMPLETED)
        await self._drain()
        await asyncio.gather(served, self._grpc.stop(GRACE_SECONDS))
        for task in (*beside, ended):
            task.cancel()
        await self._tell()
        await self._channel.close(1.0)
        await self._http.aclose()
        await self._mesh.aclose()
        log.info("stopped")

    async def _drain(self) -> None:
        """Say that nothing is to come, serve on until all have seen it, then finish and end."""
        log.info("draining")
        self._draining = True
        await asyncio.sleep(LOOKS * self._environment.health_interval_seconds)
        self._server.should_exit = True

    async def _keep_token(self) -> None:
        """A pod is ready once it can call others; the token is renewed while nobody asks, too."""
        with suppress(Silent):
            await self._tokens.token()

    @staticmethod
    async def _tell() -> None:
        kept, lost = spans.take()
        if kept or lost:
            await asyncio.to_thread(writer.write, kept, lost)

    def _api(self, who: str, url: str) -> HttpApi:
        seconds = self._environment.call_seconds
        return HttpApi(url, self._http, self._tokens, Breaker(who), seconds)

    @staticmethod
    def _every(seconds: float, do: Callable[[], Awaitable[None]]) -> "asyncio.Task[None]":
        async def repeated() -> None:
            while True:
                try:
                    await do()
                except Exception as error:
                    log.error("work beside the requests failed", error=type(error).__name__)
                await asyncio.sleep(seconds)

        return asyncio.get_running_loop().create_task(repeated())


class _Server(uvicorn.Server):  # type: ignore[misc]
    """Signals are the service's: uvicorn would end without a word to those who look at it."""

    def capture_signals(self) -> AbstractContextManager[None]:
        """Nothing is captured."""
        return nullcontext()


def main() -> None:
    """Serve."""

    async def serve() -> None:
        await PartnersService(load(ServiceEnvironment)).serve()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
