"""Carriers' APIs, played by functions behind the port that a real carrier's API would implement."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from shared.runtime import strict_json
from shared.runtime.tracing import spans
from shipping.domain.carriers import Parcel
from shipping.domain.errors import CarrierRefused
from shipping.ports import CarrierUnavailable

TRY_SECONDS = 6
"""The longest that one try takes: a second to connect and five for the answer."""
SECONDS_FOR_THE_REST = 4
"""What a batch keeps for its table, its replies and the messages that come again."""


class CarrierAnswer(msgspec.Struct, frozen=True):
    """``outcome`` is booked, refused or cancelled."""

    outcome: str
    tracking_number: str | None = None


class LambdaCarrierApi:
    """Implements ``shipping.ports.CarrierApi``.

    ``functions`` holds the function's ARN by the carrier's name; ``client`` is a botocore Lambda
    client that tries once, for TRY_SECONDS at most. ``seconds_left`` says how long the caller may
    still take. A try that would not fit is not begun: the command is then delivered again alone; if
    the caller ran out of time, its entire batch would be delivered again.
    """

    def __init__(
        self, client: Any, functions: Mapping[str, str], seconds_left: Callable[[], float]
    ) -> None:
        self._client = client
        self._functions = functions
        self._seconds_left = seconds_left

    def book(self, carrier: str, shipment_id: str, quote_id: str, parcel: Parcel) -> str:
        """Book, and return the tracking number. Raises CarrierRefused, CarrierUnavailable."""
        answer = self._ask(
            carrier,
            {
                "request": "book",
                "shipment_id": shipment_id,
                "quote_id": quote_id,
                "weight_grams": parcel.weight_grams,
                "country": parcel.country,
                "postcode_area": parcel.postcode_area,
            },
        )
        if answer.outcome == "refused":
            raise CarrierRefused(carrier)
        if answer.outcome != "booked" or not answer.tracking_number:
            raise CarrierUnavailable(f"{carrier} answered a booking with {answer.outcome!r}")
        return answer.tracking_number

    def cancel(self, carrier: str, shipment_id: str) -> None:
        """Cancel a shipment. Raises CarrierUnavailable."""
        answer = self._ask(carrier, {"request": "cancel", "shipment_id": shipment_id})
        if answer.outcome != "cancelled":
            raise CarrierUnavailable(f"{carrier} answered a cancellation with {answer.outcome!r}")

    def _ask(self, carrier: str, request: Mapping[str, Any]) -> CarrierAnswer:
        if carrier not in self._functions:
            raise CarrierRefused(carrier)
        try:
            return self._ask_once(carrier, request)
        except CarrierUnavailable:
            # Most failures pass at once, and asking again is the same request to the carrier.
            return self._ask_once(carrier, request)

    def _ask_once(self, carrier: str, request: Mapping[str, Any]) -> CarrierAnswer:
        if self._seconds_left() < TRY_SECONDS + SECONDS_FOR_THE_REST:
            raise CarrierUnavailable(f"{carrier}: no time is left to ask")
        try:
            with spans.calling(
                f"{request['request']} at {carrier}", {"rpc.method": request["request"]}
            ):
                answer = self._client.invoke(
                    FunctionName=self._functions[carrier],
                    Payload=msgspec.json.encode({**request, **spans.headers()}),
                )
        except (BotoCoreError, ClientError) as unreachable:
            raise CarrierUnavailable(f"{carrier}: {type(unreachable).__name__}") from unreachable
        if "FunctionError" in answer:
            raise CarrierUnavailable(f"{carrier} failed")
        try:
            return strict_json.decode(answer["Payload"].read(), CarrierAnswer)
        except msgspec.DecodeError as garbage:
            raise CarrierUnavailable(f"{carrier} answered garbage") from garbage
