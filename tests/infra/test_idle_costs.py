"""Nothing stands in the templates whose idle cost nobody has looked at."""

from tests.infra.system import System
from tools.measure.costs import assumptions, prices
from tools.measure.costs.idle import idle, is_known


def test_every_type_of_resource_is_priced_or_known_to_cost_nothing(system: System) -> None:
    unknown = {it.type for it in system.resources() if not is_known(it.type)}
    assert not unknown, "say in costs/idle_rates.py what these cost while nothing happens"


def test_an_idle_month_can_be_reckoned_and_its_stream_and_keys_are_in_it(system: System) -> None:
    templates = {name: template.body for name, template in system.templates.items()}
    found = idle(templates, prices.read(), assumptions.read())
    keys = sum(1 for _ in system.resources("AWS::KMS::Key"))
    assert sum(parts.get("keys", 0) for parts in found.stacks.values()) == keys
    assert found.stacks["event-log"]["streams"] > 0
    assert found.total > keys
