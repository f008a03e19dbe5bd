"""Which templates are made anew for a service that comes or goes."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.services import Service
from tools.generator.neighbours import with_templates_that_name


@pytest.mark.parametrize(
    ("declared", "besides"),
    [
        ({}, set()),
        ({"views": ("toys",), "consumers": ("toy-mail",)}, set()),
        ({"scopes": {"toys/read": "See toys"}}, {"identity"}),
        ({"machine_scopes": {"toys/order": "Order toys"}}, {"identity"}),
        ({"operator_scopes": {"toys/stop": "Stop toys"}}, {"console"}),
    ],
)
def test_whoever_gives_out_its_scopes_names_it(declared: dict[str, Any], besides: set[str]) -> None:
    service = Service(name="toys", owner="team", purpose="plays", **declared)
    assert with_templates_that_name(service) == {"toys", *besides}
