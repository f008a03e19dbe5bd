"""Which carriers are asked, and which quote is the best."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipping.adapters.carrier_list import carriers
from shipping.domain.carriers import Parcel, Tariff
from shipping.domain.quote_aggregation import Quote, QuoteAggregation, best
from tests.support.contracts.shipping_tables_contract import quote

ALL = frozenset(carriers())
QUOTES = st.lists(
    st.builds(
        quote,
        st.sampled_from(["aquila", "heron", "osprey", "tern"]),
        st.integers(1, 5000),
        st.integers(0, 30),
    ),
    max_size=4,
    unique_by=lambda it: it.carrier,
)


def asked(
    grams: int, country: str, currency: str = "EUR", may_be_asked: Collection[str] = ALL
) -> QuoteAggregation:
    parcel = Parcel(grams, country, "10")
    return QuoteAggregation.begin(
        list(carriers().values()), may_be_asked, "o", "r", "{}", parcel, currency
    )


def test_a_day_less_may_cost_so_much_and_no_more() -> None:
    slow, fast = quote("aquila", 500, days=3), quote("tern", 600, days=2)
    dear = quote("tern", 601, days=2)
    assert best([slow, fast]) == fast  # equal by the rule: then the faster
    assert best([slow, dear]) == slow


def test_of_equal_quotes_the_first_by_name_is_chosen() -> None:
    tern, heron = quote("tern"), quote("heron")
    assert best([tern, heron]) == best([heron, tern]) == heron


@given(QUOTES.flatmap(lambda it: st.tuples(st.just(it), st.permutations(it))))
def test_the_choice_does_not_depend_on_who_answered_first(
    both: tuple[list[Quote], list[Quote]],
) -> None:
    quotes, shuffled = both
    assert best(shuffled) == best(quotes)


@given(QUOTES)
def test_no_other_quote_is_both_cheaper_and_faster(quotes: list[Quote]) -> None:
    chosen = best(quotes)
    assert (chosen is None) == (not quotes)
    for other in quotes:
        assert chosen
        assert not (other.price < chosen.price and other.promised_days < chosen.promised_days)


@pytest.mark.parametrize(
    ("grams", "country", "expected"),
    [
        (380, "DE", ("aquila-express", "heron-freight", "tern-post")),
        (10_000, "DE", ("aquila-express", "heron-freight", "tern-post")),
        (10_001, "DE", ("heron-freight", "tern-post")),
        (31_501, "DE", ("heron-freight",)),
        (380, "DK", ("tern-post",)),
        (380, "US", ("heron-freight",)),
    ],
)
def test_the_limits_decide_who_is_asked(
    grams: int, country: str, expected: tuple[str, ...]
) -> None:
    aggregation = asked(grams, country)
    assert aggregation.expected == expected
    assert not aggregation.is_closed


@pytest.mark.parametrize(
    ("grams", "country", "currency", "reason"),
    [
        (380, "ZZ", "EUR", "unknown-destination"),
        (1_000_001, "DE", "EUR", "no-quotes"),
        (40_000, "DK", "EUR", "no-quotes"),
        (380, "DE", "JPY", "no-quotes"),
    ],
)
def test_where_nobody_can_be_asked_the_aggregation_is_closed_at_once(
    grams: int, country: str, currency: str, reason: str
) -> None:
    aggregation = asked(grams, country, currency)
    assert aggregation.is_closed
    assert (aggregation.best, aggregation.reason) == (None, reason)


def test_who_may_not_be_asked_takes_no_part() -> None:
    assert asked(380, "DE", may_be_asked=ALL - {"tern-post"}).expected == (
        "aquila-express",
        "heron-freight",
    )


def test_a_country_whose_only_carrier_may_not_be_asked_is_known_all_the_same() -> None:
    assert asked(380, "DK", may_be_asked=ALL - {"tern-post"}).reason == "no-quotes"


def test_a_kilogram_begun_is_paid_in_full() -> None:
    tariff = Tariff(base=100, per_kg=10)
    assert [tariff.price(grams) for grams in (1, 1000, 1001)] == [110, 110, 120]
