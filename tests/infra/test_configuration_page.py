"""docs/configuration.md lists every value that the code reads, as the code has it."""

from __future__ import annotations

import pytest

from contracts.product import PRODUCT
from stacks.services import shortened
from tests.infra.system import synthesized
from tools.docgen.configuration_page import MARK, PAGE, listed
from tools.docgen.services import Service


def test_the_list_is_what_make_configuration_page_writes() -> None:
    services = [Service(it.service, it.body) for it in synthesized("dev").templates.values()]
    _, _, written = PAGE.read_text("utf-8").partition(MARK)
    assert written == listed(services), (
        "docs/configuration.md is stale: run `make configuration-page`"
    )


def test_a_variable_that_nobody_explains_is_an_error() -> None:
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Environment": {"Variables": {"MYSTERY": "1"}}, "Description": ""},
    }
    owner = {"Type": "x", "Properties": {"Tags": [{"Key": "owner", "Value": "checkout"}]}}
    with pytest.raises(LookupError, match="orders has the variable MYSTERY"):
        listed([Service("orders", {"Resources": {"F": function, "T": owner}})])


def test_who_reads_a_secret_is_named_in_full_though_the_roles_name_is_cut_off() -> None:
    longest = "Keep" + "Archived" * 5
    role = shortened(f"{PRODUCT}-dev-eu-west-1-orders-{longest}")
    assert longest not in role
    resources = {
        f"{longest}0A1B2C3D": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Description": "Keeps"},
        },
        "Key1": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Description": "A key"}},
        "Policy": {
            "Type": "AWS::SecretsManager::ResourcePolicy",
            "Properties": {
                "SecretId": {"Ref": "Key1"},
                "ResourcePolicy": {"AWS": [f"arn:aws:iam::1:role/{role}"]},
            },
        },
        "T": {"Type": "x", "Properties": {"Tags": [{"Key": "owner", "Value": "checkout"}]}},
    }
    assert f"| `orders-{longest}` |" in listed([Service("orders", {"Resources": resources})])
