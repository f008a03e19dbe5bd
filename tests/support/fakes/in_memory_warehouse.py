"""Stock and reservations in memory, with a lock where DynamoDB has a transaction."""

import threading
from collections.abc import Callable, Iterator

from inventory.domain.errors import Overtaken, StockMissing
from inventory.domain.reservation import Bucket, Reservation, Status


class InMemoryWarehouse:
    """Implements ``Warehouse`` and ``Deliveries``. ``meanwhile`` runs once before the next move."""

    def __init__(self) -> None:
        self.levels: dict[str, dict[str, int]] = {}
        self.reservations: dict[str, Reservation] = {}
        self.meanwhile: Callable[[], object] | None = None
        self._deliveries: set[tuple[str, str]] = set()
        self._lock = threading.RLock()

    def find(self, order_id: str) -> Reservation | None:
        return self.reservations.get(order_id)

    def move(
        self, before: Reservation | None, after: Reservation, source: Bucket, target: Bucket
    ) -> None:
        self._let_others_go_first()
        with self._lock:
            if not self._is_as(before, after.order_id):
                raise Overtaken(after.order_id)
            for line in after.lines:
                if line.sku not in self.levels:
                    raise StockMissing(line.sku, "unknown-sku")
                if self.levels[line.sku][source] < line.quantity:
                    raise StockMissing(line.sku, "out-of-stock")
            for line in after.lines:
                self.levels[line.sku][source] -= line.quantity
                self.levels[line.sku][target] += line.quantity
            self.reservations[after.order_id] = after

    def keep(self, before: Reservation | None, after: Reservation) -> bool:
        self._let_others_go_first()
        with self._lock:
            if not self._is_as(before, after.order_id):
                return False
            self.reservations[after.order_id] = after
            return True

    def due(self, now: str) -> Iterator[Reservation]:
        for reservation in list(self.reservations.values()):
            waits = reservation.status is Status.HELD or (
                reservation.status is Status.EXPIRED and not reservation.announced
            )
            if waits and reservation.expires_at <= now:
                yield reservation

    def receive(self, delivery_id: str, sku: str, quantity: int, now: str) -> bool:
        with self._lock:
            if (sku, delivery_id) in self._deliveries:
                return False
            self._deliveries.add((sku, delivery_id))
            level = self.levels.setdefault(
                sku, {"available": 0, "reserved": 0, "sold": 0, "received": 0}
            )
            level["available"] += quantity
            level["received"] += quantity
            return True

    def _is_as(self, before: Reservation | None, order_id: str) -> bool:
        known = self.reservations.get(order_id)
        return (known and known.status) == (before and before.status)

    def _let_others_go_first(self) -> None:
        others, self.meanwhile = self.meanwhile, None
        if others:
            others()
