"""Every rule holds for every template in every environment."""

import pytest

from tests.infra.rules import Rule, of_code, of_templates
from tests.infra.system import System

RULES = (*of_templates.RULES, *of_code.RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_holds(rule: Rule, system: System) -> None:
    broken = list(rule(system))
    assert not broken, f"{rule.__doc__}\n" + "\n".join(broken)
