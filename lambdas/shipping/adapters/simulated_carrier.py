"""A carrier's own system, simulated: it quotes by its tariff, books and cancels, and can misbehave.

How it behaves is an item of its own table, CarrierDesk, which belongs to the simulation and
not to shipping: ``{carrier, record: "behaviour", ...}``. Without the item a carrier behaves. See
``Behaviour`` for the attributes; ``tests`` and demonstrations set them, and nothing else does.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from shared.runtime import clock
from shipping.domain.carriers import Carrier, Parcel
from shipping.domain.errors import CarrierRefused
from shipping.domain.quote_aggregation import Quote


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What is wrong with a carrier, if anything.

    ``answers`` (S): promptly, twice, garbage or never;
    ``refuses_bookings`` (BOOL); ``loses_answers`` (BOOL): it books or cancels, and then fails;
    ``quotes_hold_minutes`` (N): in place of what the carrier list says;
    ``untraced`` (BOOL): it takes no notice of the trace that a call belongs to.
    """

    answers: str = "promptly"
    refuses_bookings: bool = False
    loses_answers: bool = False
    quotes_hold_minutes: int | None = None
    untraced: bool = False


class AnswerLost(Exception):
    """The carrier did its work, and nobody will hear of it."""


class SimulatedCarrier:
    """One carrier. The table's key is ``carrier`` (S) and ``record`` (S)."""

    def __init__(
        self, carrier: Carrier, client: Any, table_name: str, now: Callable[[], str] = clock.now
    ) -> None:
        self._carrier = carrier
        self._client = client
        self._table = table_name
        self._now = now

    def behaviour(self) -> Behaviour:
        """How this carrier behaves at present."""
        item = self._client.get_item(
            TableName=self._table, Key=self._key("behaviour"), ConsistentRead=True
        ).get("Item", {})
        minutes = item.get("quotes_hold_minutes")
        return Behaviour(
            answers=item.get("answers", {"S": "promptly"})["S"],
            refuses_bookings=item.get("refuses_bookings", {"BOOL": False})["BOOL"],
            loses_answers=item.get("loses_answers", {"BOOL": False})["BOOL"],
            quotes_hold_minutes=int(minutes["N"]) if minutes else None,
            untraced=item.get("untraced", {"BOOL": False})["BOOL"],
        )

    def quote(self, request_id: str, parcel: Parcel, currency: str, behaviour: Behaviour) -> Quote:
        """The offer; the same request gets the same quote id again."""
        minutes = behaviour.quotes_hold_minutes
        holds = timedelta(minutes=self._carrier.quotes_hold_minutes if minutes is None else minutes)
        return Quote(
            carrier=self._carrier.name,
            quote_id=str(uuid.uuid5(uuid.UUID(request_id), self._carrier.name)),
            price=self._carrier.tariff[currency].price(parcel.weight_grams),
            currency=currency,
            promised_days=self._carrier.days[parcel.country],
            valid_until=clock.format_time(clock.parse_time(self._now()) + holds),
        )

    def book(self, shipment_id: str, behaviour: Behaviour | None = None) -> str:
        """Book once for each shipment id; returns the tracking number.

        ``behaviour`` is the present one, where it is known.

        Raises:
            CarrierRefused: it does not want to, or the shipment was cancelled before.
            AnswerLost: it has booked.
        """
        behaviour = behaviour or self.behaviour()
        if behaviour.refuses_bookings:
            raise CarrierRefused(self._carrier.name)
        number = uuid.uuid5(uuid.UUID(shipment_id), self._carrier.name).hex[:16].upper()
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    **self._key(f"booking#{shipment_id}"),
                    "status": {"S": "booked"},
                    "tracking_number": {"S": number},
                },
                ConditionExpression="attribute_not_exists(carrier) OR #status = :booked",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":booked": {"S": "booked"}},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise CarrierRefused(self._carrier.name) from error
        if behaviour.loses_answers:
            raise AnswerLost(self._carrier.name)
        return number

    def cancel(self, shipment_id: str, behaviour: Behaviour | None = None) -> None:
        """Cancel a booking, or one that is still to come. Raises AnswerLost: it has cancelled."""
        self._client.update_item(
            TableName=self._table,
            Key=self._key(f"booking#{shipment_id}"),
            UpdateExpression="SET #status = :cancelled",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":cancelled": {"S": "cancelled"}},
        )
        if (behaviour or self.behaviour()).loses_answers:
            raise AnswerLost(self._carrier.name)

    def _key(self, record: str) -> dict[str, Any]:
        return {"carrier": {"S": self._carrier.name}, "record": {"S": record}}
