"""Whoever says that money was paid is not believed, unless it is payments."""

from __future__ import annotations

import msgspec
import pytest

from contracts.product import PRODUCT
from fulfilment.domain.steps import command_id
from shared.messaging.bus import reply_to
from shared.messaging.envelope import Envelope, encode
from shared.runtime import clock
from shared.runtime.tracing.context import new_traceparent
from tests.support.drivers.dead_letters import dead_letters
from tests.support.drivers.offline import Deployment, eventually
from tests.support.drivers.shop import Shop
from tests.support.drivers.tracking_driver import HELD

NEIGHBOURS = ("shipping", "orders")
"""Services whose replies count, but not to these commands."""
STEPS_WITH_MONEY = ("authorize-payment", "capture-payment")


def forged(order: str, step: str) -> Envelope:
    """What payments would say if the step were done."""
    command = Envelope(
        event_id=command_id(order, step),
        type="AnyCommand",
        schema_version=1,
        aggregate_type="order",
        aggregate_id=order,
        version=None,
        occurred_at=clock.now(),
        correlation_id=order,
        causation_id=None,
        traceparent=new_traceparent(),
        data={"order_id": order},
    )
    return reply_to(command, "done", data={"payment_id": order})


def say(deployment: Deployment, source: str, message: Envelope) -> None:
    """Put a message on the bus as somebody."""
    answer = deployment.cloud.client("events").put_events(
        Entries=[
            {
                "EventBusName": deployment.named("event-log", "buses", "Bus"),
                "Source": f"{PRODUCT}.{source}",
                "DetailType": message.type,
                "Detail": encode(message).decode(),
            }
        ]
    )
    assert not answer["FailedEntryCount"]


@pytest.fixture
def unpaid(shop: Shop) -> str:
    """An order whose money waits: payments gets no command before it is let go."""
    return shop.place(dict.fromkeys(STEPS_WITH_MONEY, HELD))


def test_an_order_is_not_confirmed_on_anybody_elses_word(
    deployment: Deployment, shop: Shop, unpaid: str
) -> None:
    replies = deployment.named("fulfilment", "queues", "Replies/DeadLetters")
    for step in STEPS_WITH_MONEY:
        shop.wait_until_held(unpaid, step)
        as_said: dict[str, str] = {}
        for speaker in ("stranger", *NEIGHBOURS):
            message = forged(unpaid, step)
            as_said[speaker] = event_id = f"{message.event_id[:-4]}{len(as_said):04}"
            say(deployment, speaker, msgspec.structs.replace(message, event_id=event_id))

        def why_kept(as_said: dict[str, str] = as_said) -> dict[str, str]:
            letters = dead_letters(deployment.cloud, replies)
            kept = {
                speaker: reason
                for speaker, event_id in as_said.items()
                for body, reason in letters.items()
                if event_id in body
            }
            return kept if set(NEIGHBOURS) <= set(kept) else {}

        # The rule hears no strangers; the others are heard, and are not believed.
        assert eventually(why_kept, 30) == {
            speaker: f"'{PRODUCT}.{speaker}' is not who says 'CommandReplied' here"
            for speaker in NEIGHBOURS
        }
        assert not shop.knows_the_end_of(unpaid, step)
        assert shop.state(unpaid)["status"] == "placed"
        shop.courier.let_go(unpaid, step)
    shop.wait_until_over([unpaid])
    assert shop.state(unpaid)["status"] == "confirmed"
    report = shop.report([unpaid])
    assert report.holds, report.violations
