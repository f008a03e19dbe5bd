"""What orders and the event log let others do: list events, read them, publish them again."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from reconciliation.domain.comparison import Name
from reconciliation.ports import Page, Position
from shared.messaging.envelope import Envelope, encode
from shared.runtime.payloads import portions

EVENTS_AT_ONCE = 100
EVENTS_AT_ONCE = 100


class OwnerFailed(Exception):
    """An owner's function answered with an error; trying again later may help."""


class Owners:
    """Implements ``reconciliation.ports.EventsOfOrders``.

    ``client`` is a botocore Lambda client that waits long enough for an answer.
    """

    def __init__(
        self, client: Any, scan_events: str, list_events: str, relay: str, ingestion: str
    ) -> None:
        self._client = client
        self._scan_events = scan_events
        self._list_events = list_events
        self._relay = relay
        self._ingestion = ingestion

    def page(self, segment: int, segments: int, after: Position) -> Page:
        """Some of a segment of the whole event store."""
        request = {"segment": segment, "segments": segments, "after": after}
        return _page(self._call(self._scan_events, request))

    def page_of_hour(self, hour: str, part: int, after: Position) -> tuple[Page, int]:
        """Some of a part of an hour, and how many parts it has."""
        answer = self._call(self._list_events, {"hour": hour, "part": part, "after": after})
        return _page(answer), answer["parts"]

    def republish_events(self, names: Iterable[Name]) -> int:
        """Have the relay publish orders' events again; returns how many."""
        versions: dict[str, list[int]] = defaultdict(list)
        for name in names:
            assert name.version is not None
            versions[name.id].append(name.version)
        orders = [
            {"order_id": order_id, "versions": some}
            for order_id, has in versions.items()
            for some in _slices(sorted(has), EVENTS_AT_ONCE)
        ]
        return sum(
            int(self._call(self._relay, {"republish": some})["republished"])
            for some in _of_few_events(orders)
        )

    def republish_integration_events(self, events: Iterable[Envelope]) -> int:
        """Have ingestion publish other services' integration events again; returns how many."""
        texts = (encode(event).decode() for event in events)
        return sum(
            int(self._call(self._ingestion, {"republish": some})["republished"])
            for some in portions(texts, EVENTS_AT_ONCE)
        )

    def _call(self, function: str, request: dict[str, Any]) -> Any:
        answer = self._client.invoke(FunctionName=function, Payload=msgspec.json.encode(request))
        payload = msgspec.json.decode(answer["Payload"].read())
        if "FunctionError" in answer:
            raise OwnerFailed(f"{payload.get('errorType')} from {function.rpartition(':')[2]}")
        return payload


def _page(answer: dict[str, Any]) -> Page:
    events = [(Name(it[0], it[1], it[2]), it[3]) for it in answer["events"]]
    return events, answer["next"]


def _of_few_events(orders: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Orders in requests of EVENTS_AT_ONCE events: the relay holds all of a request's at a time."""
    request: list[dict[str, Any]] = []
    events = 0
    for order in orders:
        count = len(order["versions"])
        if request and events + count > EVENTS_AT_ONCE:
            yield request
            request, events = [], 0
        request.append(order)
        events += count
    if request:
        yield request


def _slices(items: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
