"""A rule that finds nothing proves nothing: each one finds the fault that is planted for it."""

import pytest

from tests.infra import (
    planted_access,
    planted_audit,
    planted_faults,
    planted_graph,
    planted_in_cluster,
    planted_in_containers,
    planted_in_mesh,
    planted_recovery,
    planted_shifting,
)
from tests.infra.planted_faults import Plant, finds
from tests.infra.rules import Rule
from tests.infra.rules.of_templates import RULES
from tests.infra.system import System, synthesized

PLANTED = (
    *planted_faults.PLANTED,
    *planted_access.PLANTED,
    *planted_audit.PLANTED,
    *planted_in_containers.PLANTED,
    *planted_in_cluster.PLANTED,
    *planted_in_mesh.PLANTED,
    *planted_graph.PLANTED,
    *planted_shifting.PLANTED,
    *planted_recovery.PLANTED,
)


@pytest.mark.parametrize(
    ("rule", "plant"),
    [pytest.param(rule, plant, id=f"{rule.__name__}: {what}") for rule, what, plant in PLANTED],
)
def test_the_rule_finds_the_fault(rule: Rule, plant: Plant) -> None:
    assert finds(rule, plant)


def test_there_is_a_fault_for_every_rule() -> None:
    assert {rule for rule, _, _ in PLANTED} == set(RULES)


def test_what_was_planted_is_gone() -> None:
    system = synthesized("prod")
    for service, template in System(system.assembly, "prod").templates.items():
        assert system.templates[service].body == template.body, service
        assert system.templates[service].properties == template.properties, service
