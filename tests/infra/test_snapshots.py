"""Every template as it is now, so that a change of infrastructure is a diff that a reviewer reads.

dev is there in full; of staging and prod, what they have otherwise. After a change that is meant:
``python -m pytest tests/infra/test_snapshots.py --snapshot-update``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from contracts.product import PRODUCT
from tests.infra.system import synthesized
from tools.base.target import ENVIRONMENTS
from tools.generate.snapshots import ABSENT, without_digests

SCRUBBED = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "(hash)"),  # of an asset
    (re.compile(r"(?<=[0-9A-F]{8})[0-9a-f]{32}\b"), "(hash)"),  # of an API's deployment
)


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
    assert other.keys() - dev.keys() == {"archive-replica", "edge", "objectives"}
    differences = {
        service: {
            path: {"dev": before, environment: after}
            for path, before, after in _differences(dev.get(service, {}), other[service])
        }
        for service in sorted(other)
    }
    assert differences == reviewed


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
        service: json.loads(_scrubbed(json.dumps(template.body)))
        for service, template in synthesized(environment).templates.items()
    }


def _comparable(environment: str) -> dict[str, Any]:
    """Templates as if the environment were called dev."""
    text = without_digests(json.dumps(_templates(environment)), environment)
    named_dev: dict[str, Any] = json.loads(
        re.sub(rf"({PRODUCT}[-/]?){environment}", r"\1dev", text)
    )
    return named_dev


def _scrubbed(text: str) -> str:
    for pattern, replacement in SCRUBBED:
        text = pattern.sub(replacement, text)
    return text


def _differences(dev: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(dev, dict) and isinstance(other, dict):
        for key in sorted((dev.keys() | other.keys()) - {"Metadata"}):
            yield from _differences(
                dev.get(key, ABSENT), other.get(key, ABSENT), f"{path}.{key}".lstrip(".")
            )
    elif isinstance(dev, list) and isinstance(other, list) and len(dev) == len(other):
        for number, (before, after) in enumerate(zip(dev, other, strict=True)):
            yield from _differences(before, after, f"{path}[{number}]")
    elif dev != other and not _is_the_environments_name(path):
        yield path, dev, other


def _is_the_environments_name(path: str) -> bool:
    """A tag's value: there is one on nearly everything."""
    return bool(re.search(r"Tags\[\d+\]\.Value$|Tags\.environment$", path))
