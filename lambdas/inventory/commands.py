"""The commands on stock: each changes reservation and stock together, or answers what is so."""

from collections.abc import Callable, Sequence

import msgspec

from inventory.domain.errors import AlreadySold, Contended, NothingReserved, Overtaken, StockMissing
from inventory.domain.reservation import Bucket, Line, MessageContext, Reservation, Status
from inventory.ports import Warehouse
from shared.runtime import log

ATTEMPTS = 5


class ReserveStock(msgspec.Struct, frozen=True):
    """Hold these lines for an order until ``expires_at``."""

    order_id: str
    lines: Sequence[Line]
    expires_at: str
    context: MessageContext


class ReleaseStock(msgspec.Struct, frozen=True):
    """Give an order's stock back; ``now`` dates what is kept if there was none."""

    order_id: str
    now: str
    context: MessageContext


class RecordSale(msgspec.Struct, frozen=True):
    """An order was confirmed."""

    order_id: str


def reserve_stock(warehouse: Warehouse, command: ReserveStock) -> Reservation:
    """Hold every line or none; whatever is known of the order already is the answer.

    A refusal is kept too, so that a repetition is refused even if stock has come in since.
    """
    order_id = command.order_id
    wanted = Reservation.hold(order_id, command.lines, command.expires_at, command.context)
    try:
        warehouse.move(None, wanted, Bucket.AVAILABLE, Bucket.RESERVED)
        return wanted
    except Overtaken:
        return _known(warehouse, order_id)
    except StockMissing as missing:
        refusal = wanted.refuse(missing.reason, missing.sku)
        return refusal if warehouse.keep(None, refusal) else _known(warehouse, order_id)


def release_stock(warehouse: Warehouse, command: ReleaseStock) -> Reservation:
    """Give an order's stock back; without a reservation, see to it that there never is one.

    Raises:
        AlreadySold: the order was confirmed.
    """
    order_id = command.order_id
    for _attempt in range(ATTEMPTS):
        known = warehouse.find(order_id)
        if known is None:
            tombstone = Reservation.never_made(order_id, command.now, command.context)
            if warehouse.keep(None, tombstone):
                return tombstone
        elif known.status is Status.SOLD:
            raise AlreadySold(order_id)
        elif known.status is not Status.HELD:
            return known
        elif _moved(warehouse, known, known.release(), Bucket.RESERVED, Bucket.AVAILABLE):
            return known.release()
    raise Contended(order_id)


def record_sale(warehouse: Warehouse, command: RecordSale) -> Reservation:
    """Turn a confirmed order's reservation into a sale, which never expires.

    If the reservation ended before that was heard, the stock is taken once more: the order is
    confirmed, and that is final.

    Raises:
        NothingReserved: there was never stock held for this order.
        StockMissing: the reservation ended, and by now others have the stock.
    """
    order_id = command.order_id
    for _attempt in range(ATTEMPTS):
        known = warehouse.find(order_id)
        if known is None or not known.was_held:
            raise NothingReserved(order_id)
        if known.status is Status.SOLD:
            return known
        source = Bucket.RESERVED if known.status is Status.HELD else Bucket.AVAILABLE
        if _moved(warehouse, known, known.sell(), source, Bucket.SOLD):
            return known.sell()
    raise Contended(order_id)


def release_expired(warehouse: Warehouse, now: str, announce: Callable[[Reservation], None]) -> int:
    """Give back what was held for too long; returns how many reservations that were.

    A reservation stays due until ``announce`` has returned, so that no expiry goes untold.

    Raises:
        Exception: the first failure, after every other reservation was looked at.
    """
    count = 0
    first_error: Exception | None = None
    for due in warehouse.due(now):
        try:
            count += _expired(warehouse, due, announce)
        except Exception as error:
            log.error("not expired", order_id=due.order_id, error=type(error).__name__)
            first_error = first_error or error
    if first_error is not None:
        raise first_error
    return count


def _expired(
    warehouse: Warehouse, due: Reservation, announce: Callable[[Reservation], None]
) -> bool:
    """Whether it expired; false if it was sold or released just now."""
    expired = due
    if due.status is Status.HELD:
        expired = due.expire()
        if not _moved(warehouse, due, expired, Bucket.RESERVED, Bucket.AVAILABLE):
            return False
    announce(expired)
    warehouse.keep(expired, expired.announce())
    return True


def _known(warehouse: Warehouse, order_id: str) -> Reservation:
    known = warehouse.find(order_id)
    assert known is not None  # reservations are never deleted
    return known


def _moved(
    warehouse: Warehouse, before: Reservation, after: Reservation, source: Bucket, target: Bucket
) -> bool:
    try:
        warehouse.move(before, after, source, target)
    except Overtaken:
        return False
    return True
