"""What owners publish for operators to look at: their functions, and the cards that name them."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from console.ports import FunctionFailed, Unanswered

CARDS_SECONDS = 30.0
"""How long cards are remembered: they change when a service is deployed."""
MOST_PAGES = 20
"""Of ten cards each."""


class ServiceCard(msgspec.Struct, frozen=True):
    """What a service said of itself when it was deployed.

    ``show`` are the functions that look at its consumers of the log, ``configuration`` the one that
    looks at what the service is told while it runs; ``change`` are the functions by which operators
    change something: by what they do, and then by the name of what they change. ``fields`` are
    those of its messages that operators may see; ``calls`` the routes whose calls append an event,
    by its type.
    """

    name: str
    owner: str
    purpose: str
    source: str
    runbook: str | None
    api: bool
    says: list[str]
    takes: list[str]
    reads_log: bool
    views: list[str]
    consumers: list[str]
    show: dict[str, str]
    fields: dict[str, list[str]]
    calls: dict[str, str] = {}
    change: dict[str, dict[str, str]] = {}  # a card from before there were any
    configuration: str | None = None


_card = msgspec.json.Decoder(ServiceCard)


class PublishedFunctions:
    """Implements ``console.ports.Functions``. ``client`` is a botocore Lambda client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def ask(self, arn: str, request: Mapping[str, Any]) -> Any:
        """What the function answers. Raises Unanswered, FunctionFailed."""
        try:
            answer = self._client.invoke(FunctionName=arn, Payload=msgspec.json.encode(request))
            payload = msgspec.json.decode(answer["Payload"].read())
        except Exception as error:
            raise Unanswered(type(error).__name__) from error
        if "FunctionError" in answer:
            kind = payload.get("errorType") if isinstance(payload, dict) else None
            raise FunctionFailed(str(kind))
        return payload


class PublishedCards:
    """All services' cards, from the parameters below ``path``. ``client`` is a botocore SSM client.

    ``monotonic`` gives seconds.
    """

    def __init__(
        self, client: Any, path: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._path = path
        self._monotonic = monotonic
        self._read_at = float("-inf")
        self._cards: list[ServiceCard] = []

    def all(self) -> list[ServiceCard]:
        """By name. Raises Unanswered: they cannot be read, and none are remembered."""
        now = self._monotonic()
        if now - self._read_at >= CARDS_SECONDS:
            try:
                self._cards = sorted(self._read(), key=lambda it: it.name)
                self._read_at = now
            except Exception as error:
                if not self._cards:
                    raise Unanswered(type(error).__name__) from error
        return self._cards

    def _read(self) -> list[ServiceCard]:
        found: list[ServiceCard] = []
        request: dict[str, Any] = {"Path": self._path, "MaxResults": 10}
        for _ in range(MOST_PAGES):
            answer = self._client.get_parameters_by_path(**request)
            found += [_card.decode(it["Value"]) for it in answer["Parameters"]]
            if not answer.get("NextToken"):
                break
            request["NextToken"] = answer["NextToken"]
        return found
