"""Another service's API behind API Gateway, as the machine client."""

from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from partners.adapters.breaker import Breaker
from partners.adapters.journeys import calling
from partners.adapters.machine_token import MachineTokens
from partners.ports import QUOTES_UNREADABLE, Answer, Silent
from shared.runtime import log

LARGEST = 512 * 1024
"""Bytes of an answer that are read."""
LONGEST_PAUSE = 300
PASSED_ON = ("location", "retry-after", "etag")


class HttpApi:
    """Implements ``partners.ports.Api``. ``url`` is the API's own address."""

    def __init__(
        self,
        url: str,
        http: httpx.AsyncClient,
        tokens: MachineTokens,
        breaker: Breaker,
        seconds: float,
    ) -> None:
        self._url = url.rstrip("/")
        self._http = http
        self._tokens = tokens
        self._breaker = breaker
        self._seconds = seconds

    async def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """See ``Api``. A token that is refused is fetched again, once."""
        content = None if body is None else msgspec.json.encode(body)

        async def ask() -> Answer:
            return await self._ask(method, path, content, token, headers or {})

        token = await self._tokens.token()
        answer = await self._breaker.call(ask, self._seconds)
        if answer.status == 401:
            self._tokens.forget(token)
            token = await self._tokens.token()
            answer = await self._breaker.call(ask, self._seconds)
        if answer.status in (401, 403):
            log.error("the machine client is refused", who=self._breaker.who, status=answer.status)
            raise Silent(self._breaker.who, 10)
        if answer.status == 429:  # our own limit: it is not this partner that asked too much
            log.metric("Throttled", 1, who=self._breaker.who)
            raise Silent(self._breaker.who, _pause(answer))
        return answer

    async def _ask(
        self, method: str, path: str, content: bytes | None, token: str, headers: Mapping[str, str]
    ) -> Answer:
        with calling(f"{method} at {self._breaker.who}", {"http.request.method": method}) as trace:
            known = {"Authorization": f"Bearer {token}", "x-api-key": self._tokens.api_key}
            sent = {**known, **trace, **headers}
            if content is not None:
                sent["Content-Type"] = "application/json"
            try:
                async with self._http.stream(
                    method, self._url + path, content=content, headers=sent
                ) as given:
                    answer = Answer(
                        given.status_code,
                        _document(await _read(given)),
                        {it: given.headers[it] for it in PASSED_ON if it in given.headers},
                    )
            except (httpx.HTTPError, msgspec.DecodeError) as failure:
                raise Silent(self._breaker.who) from failure
        if answer.status >= 500 and answer.kind != QUOTES_UNREADABLE:
            raise Silent(self._breaker.who, _pause(answer))
        return answer


async def _read(given: httpx.Response) -> bytes:
    found = bytearray()
    async for part in given.aiter_bytes():
        found += part
        if len(found) > LARGEST:
            raise httpx.ReadError(f"more than {LARGEST} bytes")
    return bytes(found)


def _document(content: bytes) -> Any:
    return msgspec.json.decode(content) if content else None


def _pause(answer: Answer) -> int:
    text = answer.headers.get("retry-after", "1")
    return min(int(text), LONGEST_PAUSE) if text.isascii() and text.isdigit() else 1
