"""What shipping accepts from outside; patterns keep names and streets out of messages."""

from typing import Annotated

import msgspec

from orders_language.events import PostcodeArea
from shared.runtime.patterns import Country, Currency, Uuid
from shipping.domain.carriers import Parcel

CarrierName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,64}\Z")]
QuoteId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,64}\Z")]
Grams = Annotated[int, msgspec.Meta(ge=1)]


class ShipTo(msgspec.Struct, frozen=True):
    """Where to, as coarsely as carriers need."""

    country: Country
    postcode_area: PostcodeArea


class AboutParcel(msgspec.Struct, frozen=True):
    """What every form that is about a parcel has."""

    order_id: Uuid
    weight_grams: Grams
    ship_to: ShipTo

    @property
    def parcel(self) -> Parcel:
        """The parcel as the domain knows it."""
        return Parcel(self.weight_grams, self.ship_to.country, self.ship_to.postcode_area)


class GatherQuotes(AboutParcel, frozen=True):
    """Ask the carriers what a parcel costs."""

    currency: Currency


class BookShipment(AboutParcel, frozen=True):
    """Book the quote that was chosen."""

    quote_id: QuoteId
    carrier: CarrierName


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
    """An aggregation's time is up."""

    order_id: Uuid
    request_id: Uuid


class QuoteRequested(AboutParcel, frozen=True):
    """What carriers get."""

    request_id: Uuid
    currency: Currency
