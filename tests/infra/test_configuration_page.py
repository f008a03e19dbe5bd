"""docs/configuration.md lists every value that the code reads, as the code has it."""

from __future__ import annotations

import pytest

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
