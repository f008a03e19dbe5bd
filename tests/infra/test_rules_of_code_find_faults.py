"""The rules about templates and code find the faults that are planted between the two."""

import pytest

from tests.infra.planted_faults import Plant, finds
from tests.infra.planted_in_code import PLANTED
from tests.infra.rules import Rule
from tests.infra.rules.of_code import RULES


@pytest.mark.parametrize(
    ("rule", "plant"),
    [pytest.param(rule, plant, id=f"{rule.__name__}: {what}") for rule, what, plant in PLANTED],
)
def test_the_rule_finds_the_fault(rule: Rule, plant: Plant) -> None:
    assert finds(rule, plant)


def test_there_is_a_fault_for_every_rule() -> None:
    assert {rule for rule, _, _ in PLANTED} == set(RULES)
