"""POST /v1/carriers/{carrier}/tracking: a carrier reports where a parcel is."""

from datetime import timedelta
from functools import cache
from typing import Annotated

import msgspec

from shared.runtime import aws, clock, log, problems
from shared.runtime.api import Request, Response, endpoint
from shared.runtime.environment import load
from shared.runtime.problems import Problem, Violation
from shipping import commands
from shipping.adapters.carrier_list import carriers
from shipping.adapters.dynamodb_shipments import DynamoDbShipments
from shipping.adapters.dynamodb_tracking_events import DynamoDbTrackingEvents
from shipping.domain.errors import ShipmentNotFound, TrackingEventReused
from shipping.domain.shipment import TrackingStatus
from shipping.environment import TrackingEnvironment
from shipping.ports import TrackingEvent

OLDEST_REPORT = timedelta(days=90)
"""No parcel is longer on its way."""

ERRORS = {
    ShipmentNotFound: lambda e: Problem(
        404,
        "shipment-not-found",
        "There is no such shipment",
        f"nothing is booked with you under {e.tracking_number!r}",
    ),
    TrackingEventReused: lambda _e: Problem(
        409,
        "event-id-reused",
        "The event_id was used with another content",
        "use a new event_id for a new event",
    ),
}


class TrackingForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body; ``event_id`` is the carrier's own, the same whenever it repeats the report."""

    event_id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,64}\Z")]
    tracking_number: Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]{1,40}\Z")]
    status: TrackingStatus
    happened_at: str


@endpoint(errors=ERRORS, keyed=True)
def handler(request: Request) -> Response:
    """202 for a new report, 200 for one that is known."""
    carrier = _carrier(request)
    form = request.json(TrackingForm)
    happened_at = _time(form.happened_at)
    environment, dynamodb = load(TrackingEnvironment), aws.client("dynamodb")
    shipment, is_new = commands.track_shipment(
        DynamoDbShipments(dynamodb, environment.shipments_table),
        DynamoDbTrackingEvents(dynamodb, environment.tracking_table),
        TrackingEvent(carrier, form.event_id, form.tracking_number, form.status, happened_at),
    )
    log.info(
        "shipment tracked",
        carrier=carrier,
        status=form.status,
        is_new=is_new,
        order_id=shipment.order_id,
        correlation_id=shipment.context.correlation_id,
    )
    return Response(202 if is_new else 200, {"event_id": form.event_id, "accepted": is_new})


def _carrier(request: Request) -> str:
    name = request.path_parameters.get("carrier", "")
    if name not in carriers():
        raise problems.not_found("carrier", name[:64])
    # The gateway says which key it was; the offline engine does not, and lets any carrier's in.
    if request.api_key_id is not None and request.api_key_id != _keys().get(name):
        raise Problem(
            403, "forbidden", "This key may not do that", f"it is not the key of {name!r}"
        )
    return name


@cache
def _keys() -> dict[str, str]:
    return msgspec.json.decode(load(TrackingEnvironment).carrier_keys, type=dict[str, str])


def _time(text: str) -> str:
    try:
        moment = clock.parse_time_near(text, past=OLDEST_REPORT, future=clock.CLOCKS_DIFFER)
    except ValueError as implausible:
        raise problems.invalid_request(
            "the body breaks the contract",
            Violation(
                "/happened_at",
                f"an RFC 3339 time with an offset, of the last {OLDEST_REPORT.days} days",
            ),
        ) from implausible
    return clock.format_time(moment)
