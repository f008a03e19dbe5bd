"""What manifests name outside the cluster is made by a template of the same stage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
import yaml

from contracts.product import PRODUCT
from tests.infra.system import CHECKOUT, System, role_statements, synthesized

MADE_BY_CHARTS = {("external-secrets", "external-secrets"), ("lattice", "lattice-controller")}
"""Namespace and service account that charts of Argo CD's applications make."""
LATTICE = "amazon-vpc-lattice"
PARTNERS = CHECKOUT / "contracts" / "gateway" / "partners.yaml"
METHODS = ("shop.pricing.v1.PricingService/Quote", "grpc.health.v1.Health/Check")
"""What partners answers by gRPC; prices are watched at pricing alone."""
Manifest = dict[str, Any]


def manifests(folder: str) -> list[Manifest]:
    """What kustomize made of a folder, which another test compares with what it makes now."""
    text = (CHECKOUT / "k8s" / "rendered" / f"{folder}.yaml").read_text("utf-8")
    return [it for it in yaml.safe_load_all(text) if it]


def of(found: list[Manifest], kind: str) -> Iterator[Manifest]:
    """Those of a kind."""
    return (it for it in found if it["kind"] == kind)


def remote_names(found: list[Manifest]) -> tuple[set[str], set[str]]:
    """The secrets and the parameters that manifests read."""
    stores = {
        (it["metadata"]["namespace"], it["metadata"]["name"]): it["spec"]["provider"]["aws"]
        for it in of(found, "SecretStore")
    }
    secrets, parameters = set(), set()
    for it in of(found, "ExternalSecret"):
        store = stores[it["metadata"]["namespace"], it["spec"]["secretStoreRef"]["name"]]
        names = {each["remoteRef"]["key"] for each in it["spec"]["data"]}
        if store["service"] == "ParameterStore":
            parameters |= names
        else:
            secrets |= names
    for it in of(found, "SecretProviderClass"):
        objects = yaml.safe_load(it["spec"]["parameters"]["objects"])
        secrets |= {each["objectName"] for each in objects}
    return secrets, parameters


def strangers(found: list[Manifest], system: System) -> list[str]:
    """Each name that no template of the stage makes."""
    secrets, parameters = remote_names(found)
    made = {
        str(it.properties.get("Name")) for it in system.resources("AWS::SecretsManager::Secret")
    }
    written = {str(it.properties["Name"]) for it in system.resources("AWS::SSM::Parameter")}
    networks = {
        str(it.properties["Name"]) for it in system.resources("AWS::VpcLattice::ServiceNetwork")
    }
    gateways = {
        it["metadata"]["name"]
        for it in of(found, "Gateway")
        if it["spec"]["gatewayClassName"] == LATTICE
    }
    return sorted((secrets - made) | (parameters - written) | (gateways - networks))


def test_every_name_is_made_by_a_template(system: System) -> None:
    found = manifests(f"overlays-{system.environment}")
    secrets, parameters = remote_names(found)
    assert secrets
    assert parameters
    assert strangers(found, system) == []


def test_a_secret_of_no_template_is_found(system: System) -> None:
    text = json.dumps(manifests(f"overlays-{system.environment}"))
    for name in ("partners/gateway-keys", "orders/api-url", f"{PRODUCT}-{system.environment}"):
        planted = json.loads(text.replace(name, f"{name}x"))
        assert strangers(planted, system), name


def test_pods_have_roles_by_the_service_accounts_of_the_manifests(system: System) -> None:
    found = manifests(f"overlays-{system.environment}")
    accounts = {
        (it["metadata"]["namespace"], it["metadata"]["name"]) for it in of(found, "ServiceAccount")
    }
    identities = {
        (it.properties["Namespace"], it.properties["ServiceAccount"])
        for it in system.resources("AWS::EKS::PodIdentityAssociation")
    }
    assert identities == accounts | MADE_BY_CHARTS
    for it in manifests(f"argocd-{system.environment}"):
        values = it.get("spec", {}).get("source", {}).get("helm", {}).get("valuesObject", {})
        account = values.get("serviceAccount", {}).get("name")
        if account:
            assert (it["spec"]["destination"]["namespace"], account) in MADE_BY_CHARTS


def test_who_copies_addresses_may_read_each_of_them(system: System) -> None:
    _, parameters = remote_names(manifests(f"overlays-{system.environment}"))
    allowed = {
        resource.partition(":parameter")[2]
        for statement in role_statements(system)
        if "ssm:GetParameter" in statement.actions and statement.role.template.service == "cluster"
        for resource in statement.resources
    }
    assert allowed == parameters


def served_by_nobody(found: list[Manifest]) -> list[str]:
    """What routes send to partners, and partners does not serve."""
    document = yaml.safe_load(PARTNERS.read_text("utf-8"))
    missing = []
    for kind in ("HTTPRoute", "GRPCRoute"):
        for match in (
            it
            for route in of(found, kind)
            for rule in route["spec"]["rules"]
            if {"partners", "partners-grpc"} & {ref["name"] for ref in rule["backendRefs"]}
            for it in rule["matches"]
        ):
            if kind == "GRPCRoute":
                named = f"{match['method']['service']}/{match['method']['method']}"
                served = named in METHODS
            else:
                named = match["path"]["value"]
                served = any(it.startswith(named) for it in document["paths"])
            if not served:
                missing.append(named)
    return missing


def test_every_route_to_partners_leads_to_what_partners_serves(system: System) -> None:
    found = manifests(f"overlays-{system.environment}")
    assert served_by_nobody(found) == []
    for route in of(found, "HTTPRoute"):
        for rule in route["spec"]["rules"]:
            for match in rule["matches"]:
                match["path"]["value"] = "/internal/v1/"
    for route in of(found, "GRPCRoute"):
        for rule in route["spec"]["rules"]:
            for match in rule["matches"]:
                match["method"]["method"] = "WatchPrices"
    planted = served_by_nobody(found)
    assert "/internal/v1/" in planted
    assert "shop.pricing.v1.PricingService/WatchPrices" in planted


def outside_the_mesh(found: list[Manifest], system: System) -> list[str]:
    """What keeps pods from being the third kind of target, by the rules of the other two: one
    network, TLS alone, and a policy on each route that names roles which templates make.
    """
    (network,) = system.resources("AWS::VpcLattice::ServiceNetwork")
    roles = [str(it.properties.get("RoleName")) for it in system.resources("AWS::IAM::Role")]
    gates = [it for it in of(found, "Gateway") if it["spec"]["gatewayClassName"] == LATTICE]
    names = {it["metadata"]["name"] for it in gates}
    wrong = [f"gateway {it}" for it in names if it != network.properties["Name"]]
    for gate in gates:
        for it in gate["spec"]["listeners"]:
            if (it["protocol"], it["tls"]["mode"]) != ("HTTPS", "Terminate"):
                wrong.append(f"listener {it['name']}")
    routes = {
        (kind, it["metadata"]["name"])
        for kind in ("GRPCRoute", "HTTPRoute")
        for it in of(found, kind)
        if names & {parent["name"] for parent in it["spec"]["parentRefs"]}
    }
    judged = set()
    for policy in of(found, "IAMAuthPolicy"):
        target = policy["spec"]["targetRef"]
        judged.add((target["kind"], target["name"]))
        for statement in json.loads(policy["spec"]["policy"])["Statement"]:
            pattern = statement.get("Condition", {}).get("ArnLike", {}).get("aws:PrincipalArn", "")
            name = pattern.rpartition(":role/")[2]
            if statement["Effect"] == "Allow" and not any(fnmatchcase(it, name) for it in roles):
                wrong.append(f"{policy['metadata']['name']} admits {name or 'everybody'}")
    wrong += [f"nobody is asked who calls {name}" for _, name in routes - judged]
    return wrong if routes else [*wrong, "pods are no target"]


def test_pods_are_a_target_of_the_one_network_by_the_rules_of_the_others(system: System) -> None:
    assert outside_the_mesh(manifests(f"overlays-{system.environment}"), system) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"protocol": "HTTPS", "tls"', '"protocol": "HTTP", "tls"'),
        ('"kind": "IAMAuthPolicy"', '"kind": "OtherPolicy"'),
        ("-pricing-*", "-nobody-*"),
        ("aws:PrincipalArn", "aws:SourceVpc"),
        ('"kind": "GRPCRoute", "metadata"', '"kind": "Other", "metadata"'),
        (f'"name": "{PRODUCT}-dev"', '"name": "another"'),
    ],
    ids=["plain HTTP", "no policy", "a role of nobody's", "everybody", "no route", "no network"],
)
def test_a_fault_in_the_meshs_manifests_is_found(before: str, after: str) -> None:
    text = json.dumps(manifests("overlays-dev"))
    assert before in text
    planted = json.loads(text.replace(before, after))
    assert outside_the_mesh(planted, synthesized("dev"))


def test_policies_of_the_mesh_name_roles_of_this_stage_alone(system: System) -> None:
    policies = list(of(manifests(f"overlays-{system.environment}"), "IAMAuthPolicy"))
    assert len(policies) == 1
    for it in policies:
        for statement in json.loads(it["spec"]["policy"])["Statement"]:
            assert statement["Effect"] == "Allow"
            pattern = statement["Condition"]["ArnLike"]["aws:PrincipalArn"]
            assert f":role/{PRODUCT}-{system.environment}-*-" in pattern
