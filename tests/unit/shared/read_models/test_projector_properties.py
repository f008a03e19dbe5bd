"""Any order, any number of times, with any failure in between: the fold comes out the same."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.messaging.envelope import Envelope
from shared.read_models.projector import Change
from tests.support.examples.log_of_orders import (
    ORDERS,
    Applied,
    Histories,
    TableInMemory,
    event,
    projector,
    records,
)

ENDINGS = ["OrderConfirmed", "OrderRejected", "OrderCancelled", "OrderGiftWrapped"]


@st.composite
def histories_of_orders(draw: st.DrawFn) -> dict[str, list[Envelope]]:
    """Up to six orders with up to five events each."""
    return {
        order_id: [
            event(order_id, 1, "OrderPlaced"),
            *(
                event(order_id, version, draw(st.sampled_from(ENDINGS)))
                for version in range(2, draw(st.integers(1, 5)) + 1)
            ),
        ]
        for order_id in ORDERS[: draw(st.integers(1, 6))]
    }


def independent_fold(history: Sequence[Envelope]) -> Applied:
    """What should come out, said without the projector."""
    known = [e for e in history if e.type != "OrderGiftWrapped"]
    return tuple(f"{e.version}:{e.type}" for e in sorted(known, key=lambda e: e.version or 0))


@settings(max_examples=150, deadline=None)
@given(st.data(), histories_of_orders())
def test_three_deliveries_shuffled_and_interrupted_lead_to_the_same_fold(
    data: st.DataObject, orders: dict[str, list[Envelope]]
) -> None:
    table, histories = TableInMemory(), Histories(orders)
    every = [envelope for history in orders.values() for envelope in history]
    deliveries = data.draw(st.permutations(every * 3))
    batch_size = data.draw(st.integers(1, 12))
    failures = data.draw(st.lists(st.sampled_from(["before", "after", ""]), max_size=30))

    def fail_before(change: Change[Applied]) -> None:
        if failures and failures.pop() == "before":
            raise TimeoutError

    def fail_after(change: Change[Applied]) -> None:
        if failures and failures.pop() == "after":
            raise TimeoutError

    table.before_save, table.after_save = fail_before, fail_after
    for start in range(0, len(deliveries), batch_size):
        batch = records(deliveries[start : start + batch_size])
        while True:
            try:
                projector(table, histories).apply(batch)
            except TimeoutError:
                continue  # the stream brings the batch again
            break
    assert {key: kept.state for key, kept in table.kept.items()} == {
        order_id: independent_fold(history) for order_id, history in orders.items()
    }
    assert not table.parked


@settings(max_examples=100, deadline=None)
@given(st.data(), histories_of_orders())
def test_whatever_the_log_loses_is_found_in_the_orders_own_history(
    data: st.DataObject, orders: dict[str, list[Envelope]]
) -> None:
    table, histories = TableInMemory(), Histories(orders)
    last = [history[-1] for history in orders.values()]
    others = [envelope for history in orders.values() for envelope in history[:-1]]
    arrived = data.draw(st.lists(st.sampled_from(others), unique_by=id)) if others else []
    projector(table, histories).apply(records(data.draw(st.permutations([*arrived, *last]))))
    assert {key: kept.state for key, kept in table.kept.items()} == {
        order_id: independent_fold(history) for order_id, history in orders.items()
    }
