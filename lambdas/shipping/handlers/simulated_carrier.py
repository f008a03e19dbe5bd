"""A carrier's system, simulated: quote requests from its queue, bookings by direct call."""

import uuid
from functools import cache
from typing import Any

import msgspec

from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope, encode
from shared.messaging.queue_consumer import QueueConsumer, Unusable
from shared.messaging.retries import Retries
from shared.runtime import aws, clock, log
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation
from shared.runtime.tracing.spans import SERVER, after
from shipping.adapters.carrier_list import carriers
from shipping.adapters.simulated_carrier import Behaviour, SimulatedCarrier
from shipping.domain.errors import CarrierRefused
from shipping.environment import CarrierEnvironment
from shipping.handlers.forms import QuoteRequested

GARBAGE = "<quote>cheap</quote>"


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """A batch of quote requests, or ``{request: book | cancel, shipment_id, ...}``.

    The answer to the latter is ``{outcome: booked | refused | cancelled, tracking_number}``.
    """
    if "Records" in event:
        return _consumer().handle(event)
    request, shipment_id = event["request"], event["shipment_id"]
    behaviour = _simulated().behaviour()
    # A carrier's ids are its own; it goes on with our trace, as one that does tracing would.
    asked_in = None if behaviour.untraced else event.get("traceparent")
    with after(asked_in, f"{request} parcel", SERVER, str(uuid.uuid4())):
        answer = _serve(request, shipment_id, behaviour)
        log.info(
            "carrier answered",
            carrier=load(CarrierEnvironment).carrier,
            shipment_id=shipment_id,
            outcome=answer["outcome"],
        )
    return answer


def _serve(request: str, shipment_id: str, behaviour: Behaviour) -> dict[str, Any]:
    if request == "cancel":
        _simulated().cancel(shipment_id, behaviour)
        return {"outcome": "cancelled"}
    try:
        number = _simulated().book(shipment_id, behaviour)
    except CarrierRefused:
        return {"outcome": "refused"}
    return {"outcome": "booked", "tracking_number": number}


@cache
def _simulated() -> SimulatedCarrier:
    environment = load(CarrierEnvironment)
    return SimulatedCarrier(
        carriers()[environment.carrier], aws.client("dynamodb"), environment.carrier_desk_table
    )


@cache
def _consumer() -> QueueConsumer:
    environment, sqs = load(CarrierEnvironment), aws.client("sqs")
    return QueueConsumer(
        _answer,
        DeadLetters(sqs, environment.dead_letters_url),
        Retries(sqs, environment.queue_url, environment.queue_attempts),
    )


def _answer(message: Envelope) -> None:
    try:
        request = msgspec.convert(message.data, QuoteRequested)
    except msgspec.ValidationError as invalid:
        raise Unusable(str(invalid)) from invalid
    simulated = _simulated()
    behaviour = simulated.behaviour()
    log.info(
        "quote requested",
        carrier=load(CarrierEnvironment).carrier,
        answers=behaviour.answers,
        order_id=request.order_id,
        correlation_id=message.correlation_id,
    )
    if behaviour.answers == "never":
        return
    quote = simulated.quote(request.request_id, request.parcel, request.currency, behaviour)
    offered = msgspec.structs.replace(
        message,
        event_id=quote.quote_id,
        type="QuoteOffered",
        occurred_at=clock.now(),
        causation_id=message.event_id,
        data={
            "order_id": request.order_id,
            "request_id": request.request_id,
            **msgspec.to_builtins(quote),
        },
    )
    body = GARBAGE if behaviour.answers == "garbage" else encode(offered).decode()
    for _ in range(2 if behaviour.answers == "twice" else 1):
        aws.client("sqs").send_message(
            QueueUrl=load(CarrierEnvironment).answers_url, MessageBody=body
        )
