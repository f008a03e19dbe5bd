"""What shipping accepts from outside; patterns keep names and streets out of messages."""

from typing import Annotated

import msgspec

from shared.runtime.patterns import Uuid
from shipping.domain.carriers import Parcel

CarrierName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,64}\Z")]
QuoteId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,64}\Z")]
Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}\Z")]
Grams = Annotated[int, msgspec.Meta(ge=1)]


class ShipTo(msgspec.Struct, frozen=True):
    """Where to, as coarsely as carriers need."""

    country: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z")]
    postcode_area: Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]{1,4}\Z")]


class GatherQuotes(msgspec.Struct, frozen=True):
    """Ask the carriers what a parcel costs."""

    order_id: Uuid
    weight_grams: Grams
    ship_to: ShipTo
    currency: Currency

    @property
    def parcel(self) -> Parcel:
        return Parcel(self.weight_grams, self.ship_to.country, self.ship_to.postcode_area)


class BookShipment(msgspec.Struct, frozen=True):
    """Book the quote that was chosen."""

    order_id: Uuid
    quote_id: QuoteId
    carrier: CarrierName
    weight_grams: Grams
    ship_to: ShipTo

    @property
    def parcel(self) -> Parcel:
        return Parcel(self.weight_grams, self.ship_to.country, self.ship_to.postcode_area)


class CancelShipment(msgspec.Struct, frozen=True):
    """Undo the booking, whether or not it has happened."""

    order_id: Uuid


class QuoteOffered(msgspec.Struct, frozen=True):
    """A carrier's answer to a quote request."""

    order_id: Uuid
    request_id: Uuid
    carrier: CarrierName
    quote_id: QuoteId
    price: Annotated[int, msgspec.Meta(ge=1)]
    currency: Currency
    promised_days: Annotated[int, msgspec.Meta(ge=0, le=365)]
    valid_until: str


class CloseGathering(msgspec.Struct, frozen=True):
    """A gathering's time is up."""

    order_id: Uuid
    request_id: Uuid


class QuoteRequested(msgspec.Struct, frozen=True):
    """What carriers get."""

    order_id: Uuid
    request_id: Uuid
    weight_grams: Grams
    ship_to: ShipTo
    currency: Currency

    @property
    def parcel(self) -> Parcel:
        return Parcel(self.weight_grams, self.ship_to.country, self.ship_to.postcode_area)
