"""The cluster: nobody gets in but who is named, and no function of ours talks to it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from aws_cdk import App, Environment
from aws_cdk.assertions import Template

from stacks.cluster import IDENTITY_CENTER, ClusterStack
from stacks.stage import from_context
from tests.infra.system import CONTEXT, System

CLUSTER = "AWS::EKS::Cluster"
LOGS = {"api", "audit", "authenticator", "controllerManager", "scheduler"}


@pytest.fixture
def cluster(system: System) -> dict[str, Any]:
    """The cluster's properties in each stage."""
    [found] = system.templates["cluster"].resources(CLUSTER)
    return dict(found.properties)


def test_its_endpoint_is_private(cluster: dict[str, Any]) -> None:
    vpc = cluster["ResourcesVpcConfig"]
    assert (vpc["EndpointPrivateAccess"], vpc["EndpointPublicAccess"]) == (True, False)


def test_who_makes_it_is_not_its_administrator(cluster: dict[str, Any]) -> None:
    access = cluster["AccessConfig"]
    assert access["AuthenticationMode"] == "API"
    assert access["BootstrapClusterCreatorAdminPermissions"] is False


def test_secrets_are_encrypted_under_a_key_of_ours_and_all_logs_are_kept(
    cluster: dict[str, Any],
) -> None:
    assert cluster["EncryptionConfig"][0]["Resources"] == ["secrets"]
    types = cluster["Logging"]["ClusterLogging"]["EnabledTypes"]
    assert {it["Type"] for it in types} == LOGS


def test_nodes_are_auto_modes_and_pools_of_ours_are_manifests(cluster: dict[str, Any]) -> None:
    assert cluster["ComputeConfig"]["Enabled"] is True
    assert cluster["ComputeConfig"]["NodePools"] == ["system"]


def test_no_function_of_ours_talks_to_it(system: System) -> None:
    template = system.templates["cluster"]
    assert list(template.resources("AWS::Lambda::Function")) == []
    assert [it.type for it in template.resources() if it.type.startswith("Custom::")] == []


def test_one_role_administrates_it_and_people_look(system: System) -> None:
    entries = list(system.templates["cluster"].resources("AWS::EKS::AccessEntry"))
    policies = [
        json.dumps(policy["PolicyArn"])
        for it in entries
        for policy in it.properties["AccessPolicies"]
    ]
    assert sum("AmazonEKSClusterAdminPolicy" in it for it in policies) == 1
    assert sum("AmazonEKSViewPolicy" in it for it in policies) == 1
    assert len(policies) == 2


def test_with_identity_center_argo_cd_is_awss_own() -> None:
    instance = "arn:aws:sso:::instance/ssoins-1"
    app = App(context={**CONTEXT, IDENTITY_CENTER: instance})
    stage = replace(from_context(app), containers=True)
    stack = ClusterStack(app, stage=stage, env=Environment(region=stage.region))
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::CodeBuild::Project", 0)
    template.has_resource_properties("AWS::EKS::Capability", {"Type": "ARGOCD"})
