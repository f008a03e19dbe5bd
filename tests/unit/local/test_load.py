"""What a load is made of is read from the command line, and nonsense is refused."""

import pytest

from local.errors import OfflineError
from local.load import KINDS, parse_mix


def test_a_mix_names_kinds_of_orders_with_their_weights() -> None:
    assert parse_mix("good=90, declined=9.5") == {"good": 90.0, "declined": 9.5}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "good",
        "good=",
        "good=much",
        "good=0",
        "good=-1",
        "good=nan",
        "good=inf",
        "bad=1",
        "good=1,",
    ],
)
def test_a_mix_that_makes_no_sense_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(OfflineError, match=r"no kind of order|a weight is"):
        parse_mix(text)


def test_only_one_kind_of_order_has_the_amount_that_is_declined() -> None:
    lines = [str(order["lines"]) for order in KINDS.values()]
    assert sum("TEAPOT-IRON" in it for it in lines) == 1
