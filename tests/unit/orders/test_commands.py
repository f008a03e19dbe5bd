"""The commands: each appends exactly one event, or refuses and appends none."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders import commands
from orders.domain.errors import (
    OrderError,
    OrderNotFound,
    OrderNotOpen,
    UnknownSku,
    UnpricedCurrency,
)
from orders.domain.events import CancellationReason, OrderCancelled, OrderConfirmed
from orders.domain.order import Order, RequestedLine
from orders.domain.price_list import PRODUCTS
from shared.event_sourcing.changing import CommandRefused, IdempotencyKeyReused
from tests.support.examples.orders import (
    CUSTOMER,
    PLACED,
    SOMEBODY_ELSE,
    OrderStore,
    cancel,
    confirm,
    place,
)
from tests.support.examples.recorded import ELEVEN, NINE, TEN


@pytest.fixture
def store() -> OrderStore:
    return OrderStore()


def test_placing_an_order_appends_its_first_event(store: OrderStore) -> None:
    placed = place(store, at=NINE)
    assert store.history(placed.aggregate_id) == [placed]
    assert (placed.version, placed.occurred_at, placed.event) == (1, NINE, PLACED)


def test_two_customers_never_share_an_order_though_they_choose_the_same_key() -> None:
    ids = {commands.order_id_for(it, "k") for it in (CUSTOMER, SOMEBODY_ELSE)}
    assert len(ids) == 2


@given(st.text(), st.text(), st.text(), st.text())
def test_an_order_id_mixes_up_no_customers_and_keys(a: str, b: str, c: str, d: str) -> None:
    same_id = commands.order_id_for(a, b) == commands.order_id_for(c, d)
    assert same_id == ((a, b) == (c, d))


def test_the_same_key_and_body_get_the_first_answer_again(store: OrderStore) -> None:
    first = place(store, at=NINE)
    assert [place(store, at=TEN), place(store, at=ELEVEN)] == [first, first]
    assert store.count == 1


def test_the_same_key_with_another_body_is_refused(store: OrderStore) -> None:
    place(store, request_hash="two mugs")
    with pytest.raises(IdempotencyKeyReused):
        place(store, request_hash="three mugs")
    assert store.count == 1


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        ({"lines": [RequestedLine("MUG-GREEN", 1)]}, UnknownSku),
        ({"currency": "CHF"}, UnpricedCurrency),
    ],
)
def test_what_the_price_list_refuses_is_not_appended(
    store: OrderStore, wish: dict[str, object], refusal: type[OrderError]
) -> None:
    with pytest.raises(refusal):
        place(store, **wish)  # type: ignore[arg-type]
    assert store.count == 0


def test_a_repetition_is_answered_even_when_the_product_is_withdrawn(
    store: OrderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = place(store)
    monkeypatch.delitem(PRODUCTS, "TEA-ASSAM")
    assert place(store) == first
    with pytest.raises(IdempotencyKeyReused):
        place(store, request_hash="another body")
    with pytest.raises(UnknownSku):
        place(store, key="a new key")


def test_cancelling_appends_the_second_event(store: OrderStore) -> None:
    order_id = place(store).aggregate_id
    cancelled = cancel(store, order_id)
    assert cancelled.version == 2
    assert cancelled.event == OrderCancelled(CancellationReason.CHANGED_MIND)
    assert store.history(order_id)[-1] == cancelled


def test_a_repeated_cancellation_gets_the_first_answer(store: OrderStore) -> None:
    order_id = place(store).aggregate_id
    first = cancel(store, order_id, at=TEN)
    assert cancel(store, order_id, at=ELEVEN) == first
    assert store.count == 2


def test_a_cancellations_key_with_another_body_is_refused(store: OrderStore) -> None:
    order_id = place(store).aggregate_id
    cancel(store, order_id, request_hash="too slow")
    with pytest.raises(IdempotencyKeyReused):
        cancel(store, order_id, request_hash="changed my mind")


def test_the_key_that_placed_an_order_may_cancel_it_too(store: OrderStore) -> None:
    order_id = place(store, key="k-1").aggregate_id
    assert cancel(store, order_id, key="k-1").version == 2


def test_a_second_cancellation_is_refused(store: OrderStore) -> None:
    order_id = place(store).aggregate_id
    cancel(store, order_id, key="c-1")
    with pytest.raises(OrderNotOpen):
        cancel(store, order_id, key="c-2")
    assert store.count == 2


def test_somebody_elses_order_is_as_good_as_none(store: OrderStore) -> None:
    order_id = place(store).aggregate_id
    with pytest.raises(OrderNotFound):
        cancel(store, order_id, customer_id=SOMEBODY_ELSE)
    with pytest.raises(OrderNotFound):
        cancel(store, str(uuid.uuid4()))
    assert store.count == 1


def test_of_a_cancellation_and_a_confirmation_at_once_one_wins(store: OrderStore) -> None:
    order_id = place(store).aggregate_id
    store.rivals = [lambda: confirm(store, order_id)]
    with pytest.raises(OrderNotOpen):
        cancel(store, order_id)
    assert [type(it.event) for it in store.history(order_id)][1:] == [OrderConfirmed]


def test_a_command_that_lost_the_race_to_its_own_repetition_gets_that_answer(
    store: OrderStore,
) -> None:
    order_id = place(store).aggregate_id
    store.rivals = [lambda: cancel(store, order_id, key="c-1")]
    assert cancel(store, order_id, key="c-1") == store.history(order_id)[1]
    assert store.count == 2


def test_an_orders_events_share_the_journey_that_began_with_it(store: OrderStore) -> None:
    placed = place(store)
    cancelled = cancel(store, placed.aggregate_id)
    assert cancelled.command.correlation_id == placed.command.correlation_id
    assert cancelled.command.causation_id != placed.command.causation_id


WISHES = st.lists(
    st.tuples(
        st.sampled_from(["place", "cancel", "confirm"]),
        st.sampled_from(["order-1", "order-2"]),
        st.sampled_from(["key-1", "key-2"]),
        st.sampled_from(["body-1", "body-2"]),
    ),
    max_size=12,
)


@given(WISHES, WISHES)
def test_whatever_two_customers_do_events_are_numbered_and_tell_the_state(
    first: list[tuple[str, str, str, str]], second: list[tuple[str, str, str, str]]
) -> None:
    store = OrderStore()
    answers: dict[tuple[str, str, str], object] = {}
    mixed = [wish for pair in zip(first, second, strict=False) for wish in pair]
    for wish, order, key, body in mixed:
        order_id = commands.order_id_for(CUSTOMER, order)
        before = store.count
        try:
            if wish == "place":
                answer = place(store, key=order, request_hash=body)
                identity = (wish, order, "")
            else:
                act = cancel if wish == "cancel" else confirm
                answer = act(store, order_id, key=f"{wish} {key}", request_hash=body)
                identity = (wish, order, key)
        except (OrderError, CommandRefused):
            assert store.count == before
            continue
        assert answers.setdefault(identity, answer) == answer
        assert store.count - before <= 1
    for order in ("order-1", "order-2"):
        history = store.history(commands.order_id_for(CUSTOMER, order))
        assert [it.version for it in history] == list(range(1, len(history) + 1))
        state = Order.replay("o", (it.event for it in history))
        assert state.version == len(history) <= 2
        assert state.status == (history[-1].event.leads_to if history else "new")
        assert [it.occurred_at for it in history] == sorted(it.occurred_at for it in history)
