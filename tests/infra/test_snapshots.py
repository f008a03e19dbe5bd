"""Every template as it is now, so that a change of infrastructure is a diff that a reviewer reads.

dev is there in full; of staging and prod, what they have otherwise. After a change that is meant:
``python -m pytest tests/infra/test_snapshots.py --snapshot-update``.
"""

from __future__ import annotations

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from tests.infra.system import synthesized
from tools.base.target import ENVIRONMENTS
from tools.base.templates import EVERYTHING, templates
from tools.generate.differences import comparable, differences, scrubbed


@pytest.fixture
def reviewed(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Snapshots as JSON, each in a file of its own."""
    return snapshot.use_extension(JSONSnapshotExtension)


def test_template(reviewed: SnapshotAssertion) -> None:
    for service, template in _templates("dev").items():
        assert template == reviewed(name=service)


@pytest.mark.parametrize("environment", [it for it in ENVIRONMENTS if it != "dev"])
def test_difference_to_dev(environment: str, reviewed: SnapshotAssertion) -> None:
    dev, other = _comparable("dev"), _comparable(environment)
    assert other.keys() - dev.keys() == {"archive-replica", "edge", "objectives"} | (
        {"backups"} if environment == "prod" else set()
    )
    found = {it: differences(dev.get(it, {}), other[it], environment) for it in sorted(other)}
    assert found == reviewed


@pytest.mark.parametrize("service", ["console", "identity", "orders"])
def test_a_stack_that_is_made_alone_has_the_same_template(service: str) -> None:
    """So that who adds a service need not wait for all the others."""
    (alone,) = templates("dev", EVERYTHING, [service]).values()
    assert scrubbed(alone) == _templates("dev")[service]


@pytest.mark.nightly
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_stack_that_is_made_alone_has_the_same_template(environment: str) -> None:
    for service, template in _templates(environment).items():
        (alone,) = templates(environment, EVERYTHING, [service]).values()
        assert scrubbed(alone) == template, service


@pytest.mark.parametrize("environment", [it for it in ENVIRONMENTS if it != "dev"])
def test_a_resource_has_one_id_in_every_environment(environment: str) -> None:
    """Else a snapshot has it twice, with what is left of a digest that no rename can make again."""
    dev, other = _comparable("dev"), _comparable(environment)
    seen = 0
    for service, template in dev.items():
        here, there = _ids_by_path(template), _ids_by_path(other[service])
        both = here.keys() & there.keys()
        assert {it: here[it] for it in both} == {it: there[it] for it in both}
        seen += len(both)
    assert seen > 500


def _ids_by_path(template: Any) -> dict[str, str]:
    return {
        path: id
        for id, resource in template["Resources"].items()
        if (path := resource.get("Metadata", {}).get("aws:cdk:path"))
    }


def _templates(environment: str) -> dict[str, Any]:
    return {
        service: scrubbed(template.body)
        for service, template in synthesized(environment).templates.items()
    }


def _comparable(environment: str) -> dict[str, Any]:
    """Templates as if the environment were called dev."""
    return {it: comparable(of, environment) for it, of in _templates(environment).items()}
