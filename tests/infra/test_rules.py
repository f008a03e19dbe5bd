"""Every rule holds for every template in every environment."""

import pytest

from tests.infra.rules import (
    Rule,
    access,
    audit,
    bus,
    configuration,
    consumers,
    containers,
    cost,
    data,
    deliveries,
    deployment,
    graph,
    mesh,
    permissions,
    places,
    recovery,
    secrets,
    shifting,
    wiring,
)
from tests.infra.system import System

RULES = (
    *access.RULES,
    *audit.RULES,
    *permissions.RULES,
    *bus.RULES,
    *places.RULES,
    *deliveries.RULES,
    *deployment.RULES,
    *data.RULES,
    *consumers.RULES,
    *cost.RULES,
    *wiring.RULES,
    *secrets.RULES,
    *configuration.RULES,
    *containers.RULES,
    *mesh.RULES,
    *graph.RULES,
    *shifting.RULES,
    *recovery.RULES,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_holds(rule: Rule, system: System) -> None:
    broken = list(rule(system))
    assert not broken, f"{rule.__doc__}\n" + "\n".join(broken)
