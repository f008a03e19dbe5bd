"""Functions fit the templates of every partition: each is there, and reads what is set there."""

import pytest

from tests.infra.places import CONTEXTS, ELSEWHERE
from tests.infra.rules import Rule
from tests.infra.rules.of_code import RULES
from tests.infra.system import synthesized


@pytest.mark.parametrize("partition", ELSEWHERE)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_of_code_holds_in_every_partition(rule: Rule, partition: str) -> None:
    assert not list(rule(synthesized("prod", *CONTEXTS[partition])))
