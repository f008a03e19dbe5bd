"""Nothing stands in the templates whose idle cost nobody has looked at."""

import json

import pytest

from tests.infra.system import System
from tools.generate.products import in_containers
from tools.measure.costs import assumptions, figures, prices
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


def test_the_figures_of_the_consoles_bill_are_of_the_templates(system: System) -> None:
    """They are reckoned from the snapshots, of which a synthesis knows nothing."""
    found = idle(
        {name: it.body for name, it in system.templates.items()}, prices.read(), assumptions.read()
    )
    kept = json.loads(figures.FILE.read_text("utf-8"))
    paid = {service: parts for service, parts in found.stacks.items() if parts}
    assert kept["idle"][system.environment] == {
        service: pytest.approx(parts) for service, parts in paid.items()
    }
    assert kept["containers"] == sorted(in_containers())
