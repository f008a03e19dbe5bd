"""The machine client's token: fetched once for all who wait, and again before it ends."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec

from customers_language.references import customer_of_partner
from partners.adapters.breaker import Breaker
from partners.ports import Silent
from shared.runtime import log

AHEAD = 0.2
"""The last part of a token's life in which the next one is fetched beside the calls."""
LARGEST = 64 * 1024


class MachineClient(msgspec.Struct, frozen=True):
    """What the file holds, as Secrets Manager has it: a rotation replaces the file."""

    client_id: str
    secret: str
    token_url: str
    api_key: str
    """Of the usage plans that the APIs have for us."""


class _Token(msgspec.Struct, frozen=True):
    """The login's answer."""

    access_token: str
    expires_in: int


class MachineTokens:
    """Implements ``partners.ports.Machine``; ``token()`` is for the adapters."""

    def __init__(
        self,
        file: Path,
        http: httpx.AsyncClient,
        breaker: Breaker,
        seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = file
        self._http = http
        self._breaker = breaker
        self._seconds = seconds
        self._monotonic = monotonic
        self._token: str | None = None
        self._ends = self._renews = 0.0
        self._fetching: asyncio.Task[None] | None = None

    async def customer_id(self, reference: str) -> str:
        """See ``Machine``: the other services know a machine by its client."""
        return customer_of_partner(self._client().client_id, reference)

    @property
    def api_key(self) -> str:
        """As the file has it now: one that was exchanged counts at once. Raises Silent."""
        return self._client().api_key

    async def token(self) -> str:
        """One that holds. Raises Silent."""
        now = self._monotonic()
        if self._token is None or now >= self._ends:
            await asyncio.shield(self._fetch())
        elif now >= self._renews:
            self._fetch()
        assert self._token is not None
        return self._token

    def forget(self, token: str) -> None:
        """It was refused: the next one who wants a token fetches another."""
        if token == self._token:
            self._token = None

    @property
    def is_ready(self) -> bool:
        """Whether there is a token that holds."""
        return self._token is not None and self._monotonic() < self._ends

    def _fetch(self) -> asyncio.Task[None]:
        """The one fetch that is under way, for all who wait."""
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.get_running_loop().create_task(self._fetch_once())
            self._fetching.add_done_callback(_look_at)
        return self._fetching

    async def _fetch_once(self) -> None:
        self._renews = self._monotonic() + self._seconds  # not at once again if this one fails
        answer = await self._breaker.call(self._ask, self._seconds)
        now = self._monotonic()
        self._token = answer.access_token
        self._ends = now + answer.expires_in - self._seconds
        self._renews = now + answer.expires_in * (1 - AHEAD)
        log.info("token fetched", seconds=answer.expires_in)

    async def _ask(self) -> _Token:
        client = self._client()
        form = {
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": client.secret,
        }
        try:
            answer = await self._http.post(client.token_url, data=form)
            if answer.status_code != 200:
                log.error("the login refuses the machine client", status=answer.status_code)
                raise Silent(self._breaker.who)
            return msgspec.json.decode(answer.content[:LARGEST], type=_Token)
        except (httpx.HTTPError, msgspec.DecodeError) as failure:
            raise Silent(self._breaker.who) from failure

    def _client(self) -> MachineClient:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=MachineClient)
        except (OSError, msgspec.DecodeError) as failure:
            log.error("the machine client cannot be read", error=type(failure).__name__)
            raise Silent(self._breaker.who) from failure


def _look_at(fetched: asyncio.Task[None]) -> None:
    """A fetch beside the calls that failed is no error of anybody's: the next one tries again."""
    if not fetched.cancelled():
        fetched.exception()
