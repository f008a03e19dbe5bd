"""Follows orders on the event log: each look reads only what is new."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from tools.base.endpoint import Cloud
from tools.base.outputs import Outputs
from tools.local.books import STATUS
from tools.local.log_reader import LogReader


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an order is. ``ended_at`` is the time of its last event so far."""

    placed_at: datetime
    ended_at: datetime
    status: str
    version: int


class OrderProgress:
    """What becomes of all orders that are placed after this was made."""

    def __init__(self, outputs: Outputs, cloud: Cloud) -> None:
        self._log = LogReader(outputs, cloud, "LATEST")
        self._orders: dict[str, Progress] = {}

    def look(self) -> dict[str, Progress]:
        """Each order by its id, as far as the log has come."""
        for record in self._log.new():
            self._take(record.data)
        return self._orders

    def _take(self, record: bytes) -> None:
        """The log delivers at least once: what is known already changes nothing.

        Nor does what is no envelope: that is for the consumers to park.
        """
        try:
            envelope = json.loads(record)
            status, order_id = STATUS[envelope["type"]], envelope["aggregate_id"]
        except (ValueError, TypeError, KeyError):
            return
        version = envelope["version"]
        known = self._orders.get(order_id)
        if known and version <= known.version:
            return
        at = datetime.fromisoformat(envelope["occurred_at"])
        self._orders[order_id] = Progress(known.placed_at if known else at, at, status, version)
