"""The web ACL: before every API of staging and prod, and before none of dev."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.system import System, synthesized

ACL, STAGE = "AWS::WAFv2::WebACL", "AWS::ApiGateway::Stage"
ASSOCIATION, LOGGING = "AWS::WAFv2::WebACLAssociation", "AWS::WAFv2::LoggingConfiguration"
GROUPS = {
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesCommonRuleSet",
}
"""Of AWS's managed rules, those that any API can have."""


@pytest.fixture(params=["staging", "prod"])
def guarded(request: pytest.FixtureRequest) -> System:
    return synthesized(request.param)


def unguarded(system: System) -> Iterator[str]:
    """Stages of APIs that no association puts behind the environment's ACL."""
    (acl,) = system.resources(ACL)
    behind = [
        it.text(it.properties["ResourceArn"])
        for it in system.resources(ASSOCIATION)
        if acl.is_in(it.text(it.properties["WebACLArn"]))
    ]
    for stage in system.resources(STAGE):
        if not any(stage.is_in(it) for it in behind):
            yield str(stage)


def rules_of(system: System) -> dict[str, Any]:
    (acl,) = system.resources(ACL)
    return {it["Name"]: it for it in acl.properties["Rules"]}


def test_every_api_stands_behind_it(guarded: System) -> None:
    assert len(list(guarded.resources(STAGE))) > 3
    assert list(unguarded(guarded)) == []


def test_an_api_that_stands_elsewhere_is_named(guarded: System) -> None:
    orders = guarded.templates["orders"]
    kept = orders.body["Resources"]
    changed = {name: copy.deepcopy(it) for name, it in kept.items() if it["Type"] != ASSOCIATION}
    orders.body["Resources"] = changed  # type: ignore[index]
    try:
        assert [it.split()[1] for it in unguarded(guarded)] == ["orders"]
    finally:
        orders.body["Resources"] = kept  # type: ignore[index]


def test_an_address_is_slowed_and_known_attacks_are_refused(guarded: System) -> None:
    rules = rules_of(guarded)
    limit = rules.pop("TooManyOfOneAddress")
    assert limit["Statement"]["RateBasedStatement"] == {"AggregateKeyType": "IP", "Limit": 2000}
    assert limit["Action"]["Block"]["CustomResponse"]["ResponseCode"] == 429
    assert rules.keys() == GROUPS
    assert {str(it["OverrideAction"]) for it in rules.values()} == {"{'None': {}}"}
    common = rules["AWSManagedRulesCommonRuleSet"]["Statement"]["ManagedRuleGroupStatement"]
    assert [it["Name"] for it in common["RuleActionOverrides"]] == ["SizeRestrictions_BODY"]


def test_no_token_is_in_its_log_and_no_sample_is_kept(guarded: System) -> None:
    (logging,) = guarded.resources(LOGGING)
    hidden = str(logging.properties["RedactedFields"])
    for it in ("authorization", "x-api-key", "cookie", "QueryString"):
        assert it in hidden
    (acl,) = guarded.resources(ACL)
    for it in (acl.properties, *rules_of(guarded).values()):
        assert it["VisibilityConfig"]["SampledRequestsEnabled"] is False


def test_development_has_none_and_pays_for_none() -> None:
    assert list(synthesized("dev").resources(ACL, ASSOCIATION)) == []
