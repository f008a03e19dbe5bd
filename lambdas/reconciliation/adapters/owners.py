"""What orders and the event log let others do: list events, read them, publish them again."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from reconciliation.domain.comparison import Name
from shared.envelope import Envelope, encode

ORDERS_AT_ONCE = 100
FACTS_AT_ONCE = 100


class OwnerFailed(Exception):
    """An owner's function answered with an error; trying again later may help."""


class Owners:
    """``client`` is a botocore Lambda client that waits long enough for an answer."""

    def __init__(self, client: Any, scan_events: str, relay: str, intake: str) -> None:
        self._client = client
        self._scan_events = scan_events
        self._relay = relay
        self._intake = intake

    def stored(self) -> Iterator[tuple[Name, str]]:
        """Every event in the event store with its fingerprint."""
        after: dict[str, Any] | None = None
        while True:
            answer = self._call(self._scan_events, {"after": after})
            for order_id, version, occurred_at, fingerprint in answer["events"]:
                yield Name(order_id, version, occurred_at), fingerprint
            after = answer["next"]
            if after is None:
                return

    def republish_events(self, names: Iterable[Name]) -> int:
        """Have the relay publish orders' events again; returns how many."""
        versions: dict[str, list[int]] = defaultdict(list)
        for name in names:
            assert name.version is not None
            versions[name.id].append(name.version)
        orders = [{"order_id": it, "versions": sorted(has)} for it, has in versions.items()]
        return sum(
            int(self._call(self._relay, {"republish": some})["republished"])
            for some in _portions(orders, ORDERS_AT_ONCE)
        )

    def republish_facts(self, facts: Sequence[Envelope]) -> int:
        """Have the intake publish other services' facts again; returns how many."""
        texts = [encode(fact).decode() for fact in facts]
        return sum(
            int(self._call(self._intake, {"republish": some})["republished"])
            for some in _portions(texts, FACTS_AT_ONCE)
        )

    def _call(self, function: str, request: dict[str, Any]) -> Any:
        answer = self._client.invoke(FunctionName=function, Payload=msgspec.json.encode(request))
        payload = msgspec.json.decode(answer["Payload"].read())
        if "FunctionError" in answer:
            raise OwnerFailed(f"{payload.get('errorType')} from {function.rpartition(':')[2]}")
        return payload


def _portions(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
