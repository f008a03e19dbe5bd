"""An aggregation of quotes: who was asked, who has answered, and which answer is the best."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from shipping.domain.carriers import Carrier, Parcel, expected, reachable

DAY_IS_WORTH = 100
"""Minor units that one day less of waiting may cost."""

UNKNOWN_DESTINATION = "unknown-destination"
NO_QUOTES = "no-quotes"


class Status(StrEnum):
    """An aggregation is open until every answer is there or the deadline has come."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Quote:
    """One carrier's offer; ``price`` in minor units, ``valid_until`` RFC 3339 in UTC."""

    carrier: str
    quote_id: str
    price: int
    currency: str
    promised_days: int
    valid_until: str


@dataclass(frozen=True, slots=True)
class QuoteAggregation:
    """One request for quotes. ``command`` is the message that asked, as it came.

    ``requested`` says that the carriers have been asked, and their ``deadline`` (RFC 3339) is set.
    ``best`` (a carrier's name) and ``reason`` (why there is none) are decided once, by whoever
    closes.
    """

    order_id: str
    request_id: str
    command: str
    parcel: Parcel
    currency: str
    expected: tuple[str, ...]
    status: Status = Status.OPEN
    requested: bool = False
    quotes: Mapping[str, Quote] = field(default_factory=dict)
    best: str | None = None
    reason: str | None = None
    deadline: str | None = None

    @classmethod
    def begin(
        cls,
        carriers: Sequence[Carrier],
        may_be_asked: Collection[str],
        order_id: str,
        request_id: str,
        command: str,
        parcel: Parcel,
        currency: str,
    ) -> "QuoteAggregation":
        """A new aggregation; it is closed from the start if there is nobody to ask.

        Only those of the ``carriers`` take part whose names ``may_be_asked``.
        """
        willing = [carrier for carrier in carriers if carrier.name in may_be_asked]
        asked = expected(willing, parcel, currency)
        begun = cls(order_id, request_id, command, parcel, currency, asked)
        if asked:
            return begun
        reason = NO_QUOTES if reachable(carriers, parcel.country) else UNKNOWN_DESTINATION
        return replace(begun, status=Status.CLOSED, reason=reason)

    @property
    def is_closed(self) -> bool:
        return self.status is Status.CLOSED

    @property
    def is_complete(self) -> bool:
        """Whether every carrier that was asked has answered."""
        return len(self.quotes) == len(self.expected)

    @property
    def missing(self) -> tuple[str, ...]:
        """The carriers that were asked and have not answered."""
        return tuple(carrier for carrier in self.expected if carrier not in self.quotes)

    @property
    def best_quote(self) -> Quote | None:
        """The quote that was chosen when the aggregation was closed."""
        return self.quotes[self.best] if self.best is not None else None

    def closed(self) -> "QuoteAggregation":
        """The same with the choice made from the quotes that are there."""
        chosen = best(self.quotes.values())
        return replace(
            self,
            status=Status.CLOSED,
            best=chosen.carrier if chosen else None,
            reason=None if chosen else NO_QUOTES,
        )


def best(quotes: Iterable[Quote]) -> Quote | None:
    """The quote with the lowest price, where each promised day counts as DAY_IS_WORTH.

    Of equals the faster one wins, and then the carrier whose name comes first, so that the same
    quotes lead to the same choice whatever their order.
    """
    return min(
        quotes,
        key=lambda it: (it.price + DAY_IS_WORTH * it.promised_days, it.promised_days, it.carrier),
        default=None,
    )
