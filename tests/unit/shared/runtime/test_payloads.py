"""Nothing that a function answers or is asked grows past what Lambda passes on."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.payloads import MOST_BYTES, portions, take_within

LAMBDA_PASSES_ON = 6 * 1024 * 1024
TEXTS = st.lists(st.text(max_size=40), max_size=60)


@given(TEXTS, st.integers(1, 10), st.integers(1, 200))
def test_portions_hold_everything_in_order_and_each_fits(
    items: list[str], most: int, most_bytes: int
) -> None:
    found = list(portions(items, most, most_bytes))
    assert [item for portion in found for item in portion] == items
    for portion in found:
        size = sum(len(msgspec.json.encode(item)) + 1 for item in portion)
        assert 1 <= len(portion) <= most
        assert size <= most_bytes or len(portion) == 1


@given(TEXTS, st.integers(1, 10), st.integers(1, 200))
def test_what_is_taken_is_a_beginning_and_says_whether_it_is_all(
    items: list[str], most: int, most_bytes: int
) -> None:
    taken, more = take_within(items, most, most_bytes)
    assert taken == items[: len(taken)]
    assert taken or not items
    assert more or taken == items


def test_events_of_the_largest_size_fit() -> None:
    largest = ["x" * 255 * 1024] * 500
    taken, more = take_within(largest, 500)
    assert more
    assert MOST_BYTES * 0.9 < len(msgspec.json.encode(taken)) < LAMBDA_PASSES_ON
    assert all(len(msgspec.json.encode(it)) < LAMBDA_PASSES_ON for it in portions(largest, 100))
