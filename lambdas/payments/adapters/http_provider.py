"""The payment provider over HTTP; a contract with another provider is another adapter like this."""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeVar

import msgspec

# botocore brings it and has loaded it already: it costs no cold start of its own.
import urllib3

from payments.adapters.provider_key import ProviderKey
from payments.domain.errors import KeyRefused, ProviderBroken, ProviderUnavailable
from payments.ports import AuthorizationStatus, Authorized, Declined
from shared.runtime import clock, log, strict_json
from shared.runtime.tracing import spans

LONGEST_HOLD = timedelta(days=366)
"""No provider holds money for longer."""
TRIES = 2
"""The second one is how a lost answer is found again; more would keep the queue's batch waiting."""
LONGEST_PAUSE = 0.2
"""Seconds between two tries."""
UNAVAILABLE = {408, 425, 429}

AnswerT = TypeVar("AnswerT")


class AuthorizationDocument(msgspec.Struct, frozen=True):
    """The provider's answer to an authorization.

    The id becomes part of a path, and the time is passed on: neither is taken as it comes.
    """

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,128}\Z")]
    expires_at: str
    status: Literal["authorized"]
    reference: str
    amount: int
    currency: str


class StatusDocument(msgspec.Struct, frozen=True):
    """The provider's answer to every other operation: the authorization's status now."""

    status: AuthorizationStatus


class DeclineDocument(msgspec.Struct, frozen=True):
    """The provider's refusal."""

    reason: str


class HttpPaymentProvider:
    """Implements ``payments.ports.PaymentProvider``.

    ``url`` is the provider's base address. ``timeout`` says for how many seconds one request may
    take, and is asked before each; ``pause`` takes seconds. Errors never quote an answer: what a
    provider says may be about a person.
    """

    def __init__(
        self,
        url: str,
        key: ProviderKey,
        timeout: Callable[[], float],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._timeout = timeout
        self._pause = pause
        self._connections = urllib3.PoolManager(retries=False)

    def authorize(
        self, order_id: str, payer: str, amount: int, currency: str
    ) -> Authorized | Declined:
        """Hold the amount. Raises ProviderUnavailable, ProviderBroken."""
        body = {"reference": order_id, "payer": payer, "amount": amount, "currency": currency}
        status, answer = self._ask("authorize", order_id, "/v1/authorizations", body)
        if status == 402:
            return Declined(_read(answer, DeclineDocument).reason)
        if status != 201:
            raise ProviderBroken(f"authorize: unexpected status {status}")
        document = _read(answer, AuthorizationDocument)
        held = (document.reference, document.amount, document.currency)
        if held != (order_id, amount, currency):
            raise ProviderBroken("authorize: something else is held than was asked for")
        return Authorized(document.id, _time(document.expires_at))

    def capture(self, order_id: str, authorization_id: str) -> AuthorizationStatus:
        """Charge what is held. Raises ProviderUnavailable, ProviderBroken."""
        return self._change("capture", order_id, authorization_id)

    def void(self, order_id: str, authorization_id: str) -> AuthorizationStatus:
        """Let go of what is held. Raises ProviderUnavailable, ProviderBroken."""
        return self._change("void", order_id, authorization_id)

    def refund(self, order_id: str, authorization_id: str) -> AuthorizationStatus:
        """Give back what was charged. Raises ProviderUnavailable, ProviderBroken."""
        return self._change("refund", order_id, authorization_id)

    def _change(self, operation: str, order_id: str, authorization_id: str) -> AuthorizationStatus:
        path = f"/v1/authorizations/{authorization_id}/{operation}"
        status, answer = self._ask(operation, order_id, path, {})
        if status not in (200, 409):  # 409: it is not possible, as its status says
            raise ProviderBroken(f"{operation}: unexpected status {status}")
        return _read(answer, StatusDocument).status

    def _ask(
        self, operation: str, order_id: str, path: str, body: dict[str, Any]
    ) -> tuple[int, bytes]:
        """Post until there is an answer: always under the same idempotency key."""
        content = msgspec.json.encode(body)
        idempotency_key = f"{order_id}:{operation}"
        for tries_left in reversed(range(TRIES)):
            try:
                return self._post(operation, path, content, idempotency_key)
            except KeyRefused:
                raise
            except ProviderUnavailable as unavailable:
                if not tries_left:
                    raise
                log.warning("asking the provider again", order_id=order_id, cause=str(unavailable))
                self._pause(random.uniform(0, LONGEST_PAUSE))  # noqa: S311
        raise AssertionError("not reached")

    def _post(
        self, operation: str, path: str, content: bytes, idempotency_key: str
    ) -> tuple[int, bytes]:
        status, answer = self._send(operation, path, content, idempotency_key, self._key.current())
        if status == 401:
            log.info("the provider refused the key; reading the secret again")
            status, answer = self._send(
                operation, path, content, idempotency_key, self._key.fetch()
            )
        if status == 401:
            raise KeyRefused(operation, "the provider does not know the key")
        if status >= 500 or status in UNAVAILABLE:
            raise ProviderUnavailable(operation, f"status {status}")
        return status, answer

    def _send(
        self, operation: str, path: str, content: bytes, idempotency_key: str, key: str
    ) -> tuple[int, bytes]:
        try:
            with spans.calling(f"{operation} at provider", {"http.request.method": "POST"}) as span:
                answer = self._connections.request(
                    "POST",
                    self._url + path,
                    body=content,
                    headers={
                        "Authorization": f"Bearer {key}",
                        "Content-Type": "application/json",
                        "Idempotency-Key": idempotency_key,
                        **spans.headers(),
                    },
                    redirect=False,
                    timeout=urllib3.Timeout(total=self._timeout()),
                )
                if span is not None:
                    span.attributes["http.response.status_code"] = answer.status
        except urllib3.exceptions.HTTPError as failure:
            raise ProviderUnavailable(operation, type(failure).__name__) from failure
        return answer.status, answer.data


def _read(answer: bytes, document: type[AnswerT]) -> AnswerT:
    try:
        return strict_json.decode(answer, document)
    except msgspec.DecodeError as malformed:
        raise ProviderBroken("the answer is not in the contract") from malformed


def _time(text: str) -> str:
    try:
        moment = clock.parse_time_near(text, past=None, future=LONGEST_HOLD)
    except ValueError as implausible:
        raise ProviderBroken("authorize: no time within a year") from implausible
    return clock.format_time(moment)
