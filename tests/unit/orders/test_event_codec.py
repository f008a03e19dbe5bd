"""What is written to the event store is read back as it was, and published without its secrets."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from orders.adapters.event_codec import CODEC
from orders.domain.events import (
    EVENT_TYPES,
    CancellationReason,
    Destination,
    Gift,
    Line,
    OrderCancelled,
    OrderConfirmed,
    OrderEvent,
    OrderPlaced,
    OrderRejected,
)
from orders.domain.order import Order, RequestedLine
from orders.domain.price_list import CURRENCIES, PRODUCTS
from orders.domain.terms import MAX_LINES
from orders.handlers.requests import MAX_QUANTITY
from shared.messaging.envelope import LARGEST_NUMBER, decode, encode
from shared.runtime.payloads import MAX_EVENT_BYTES
from tests.support.examples.orders import (
    CANCELLED,
    CONFIRMED,
    CUSTOMER,
    PLACED,
    REJECTED,
    SHIP_TO,
    recorded,
)

EXAMPLES = [PLACED, CONFIRMED, REJECTED, CANCELLED]
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(0, LARGEST_NUMBER)
events: st.SearchStrategy[OrderEvent] = st.one_of(
    st.builds(
        OrderPlaced,
        customer_id=texts,
        lines=st.lists(st.builds(Line, texts, numbers, numbers), max_size=4).map(tuple),
        currency=texts,
        total=numbers,
        weight_grams=numbers,
        ship_to=st.builds(Destination, texts, texts, texts),
        gift=st.none() | st.builds(Gift),
    ),
    st.builds(OrderConfirmed, currency=texts, total=numbers),
    st.builds(OrderRejected, texts),
    st.builds(OrderCancelled, st.sampled_from(CancellationReason)),
)


def test_every_kind_of_event_is_covered_here() -> None:
    assert {type(event).__name__ for event in EXAMPLES} == set(EVENT_TYPES)


@given(events, st.integers(1, 10**9))
def test_an_event_is_read_back_as_it_was_written(event: OrderEvent, version: int) -> None:
    written = recorded(event, version)
    assert CODEC.from_item(CODEC.to_item(written)) == written


@given(events)
def test_an_event_travels_as_one_line(event: OrderEvent) -> None:
    line = encode(CODEC.to_envelope(CODEC.to_item(recorded(event, 1))))
    assert b"\n" not in line
    assert decode(line).data == msgspec.json.decode(msgspec.json.encode(event))


def test_the_largest_order_that_the_api_accepts_fits_every_hop() -> None:
    longest = max(PRODUCTS, key=len)
    lines = [RequestedLine(longest, MAX_QUANTITY)] * MAX_LINES
    placed = Order.place(CUSTOMER, lines, CURRENCIES[0], SHIP_TO)
    assert len(encode(CODEC.to_envelope(CODEC.to_item(recorded(placed, 1))))) < MAX_EVENT_BYTES
