"""What inventory needs from outside: a place where stock and reservations change together."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from inventory.domain.reservation import Bucket, Reservation


class Warehouse(Protocol):
    """Stock by SKU and reservations by order; no bucket of a SKU ever falls below zero."""

    def find(self, order_id: str) -> Reservation | None:
        """The order's reservation, strongly consistent."""

    def move(
        self, before: Reservation | None, after: Reservation, source: Bucket, target: Bucket
    ) -> None:
        """Move every line's pieces from one bucket to another and keep ``after``: all, or nothing.

        Raises:
            Overtaken: the reservation is not in the state of ``before`` (None: there is none yet).
            StockMissing: a line has not enough pieces in ``source``.
            Contended: others kept changing the same stock.
        """

    def keep(self, before: Reservation | None, after: Reservation) -> bool:
        """Keep ``after`` without moving stock; false if it was overtaken."""

    def due(self, now: str) -> Iterator[Reservation]:
        """Those held that have expired by now, and those expired that nobody was told of."""


class Deliveries(Protocol):
    """Where stock comes in."""

    def receive(self, delivery_id: str, sku: str, quantity: int, now: str) -> bool:
        """Add what was delivered to what is available; false if this delivery is known."""


class Shelves(Protocol):
    """What is there to be sold."""

    def available(self, skus: Sequence[str]) -> Mapping[str, int]:
        """Pieces that nobody has reserved, by SKU; without those that were never delivered."""
