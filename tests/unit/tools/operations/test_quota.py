"""No deployment begins in an account that cannot carry it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from contracts.product import PRODUCT
from tools.base.errors import OperationFailed
from tools.base.target import Target
from tools.operations import quota

CHECKOUT = Path(__file__).resolve().parents[4]


class Lambda:
    """An account that runs so many functions at once; ``reserved`` is by a function's name.

    What ``reserved`` does not name reserves nothing.
    """

    def __init__(self, allowed: int, functions: Mapping[str, int | None]) -> None:
        self._allowed = allowed
        self._functions = functions

    def get_account_settings(self) -> dict[str, Any]:
        kept = sum(it or 0 for it in self._functions.values())
        return {
            "AccountLimit": {
                "ConcurrentExecutions": self._allowed,
                "UnreservedConcurrentExecutions": self._allowed - kept,
            }
        }

    def get_paginator(self, operation: str) -> Lambda:
        assert operation == "list_functions"
        return self

    def paginate(self) -> Iterator[dict[str, Any]]:
        """One function on a page."""
        for name in self._functions:
            yield {"Functions": [{"FunctionName": name}]}

    def get_function_concurrency(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        kept = self._functions[FunctionName]
        return {} if kept is None else {"ReservedConcurrentExecutions": kept}


def check(environment: str, allowed: int, functions: Mapping[str, int | None] = {}) -> str:
    console = Console(width=400, record=True)
    account = Lambda(allowed, functions)
    target = Target("an account", environment, lambda _service: account, is_offline=False)
    quota.check(target, console)
    return console.export_text()


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_a_new_account_is_told_what_to_ask_for(environment: str) -> None:
    with pytest.raises(OperationFailed, match="runs 10 functions at once"):
        check(environment, 10)


def test_a_new_account_may_be_deployed_to_for_development() -> None:
    assert "runs 10 functions at once" in check("dev", 10)


def test_an_account_with_the_usual_quota_carries_production() -> None:
    assert "runs 1000 functions at once" in check("prod", 1000)


STRANGERS = "a-shop-of-somebody-else"
PROD = f"{PRODUCT}-prod-orders-Relay1A2B-Cd3"
STAGING = f"{PRODUCT}-staging-orders-Relay1A2B-Cd3"


def test_what_others_have_reserved_is_not_there() -> None:
    with pytest.raises(OperationFailed, match="reserved 501: 499 are left") as refusal:
        check("prod", 1000, {STRANGERS: 501})
    assert "--desired-value 1001" in str(refusal.value)
    assert "500 are left" in check("prod", 1000, {STRANGERS: 500})


def test_what_an_environment_has_reserved_itself_is_its_own() -> None:
    assert "500 functions at once in this region; 500" in check(
        "prod", 500, {PROD: 100, f"{PRODUCT}-prod-orders-Place1A2B-Cd3": None}
    )


def test_two_environments_in_one_account_need_the_sum_of_both() -> None:
    with pytest.raises(OperationFailed, match="staging needs 500: 499 are left"):
        check("prod", 999, {STAGING: 60, PROD: 60})
    assert "500 are left" in check("prod", 1000, {STAGING: 60, PROD: 60})


def test_who_deploys_for_development_leaves_production_its_share() -> None:
    with pytest.raises(OperationFailed, match="prod needs 500: 5 are left, and dev needs 10"):
        check("dev", 505, {PROD: None})


def test_a_deployment_begins_with_the_quota() -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    recipe = makefile.partition("\ndeploy: ")[2].partition("\n\n")[0]
    assert 0 < recipe.index(" quota\n") < recipe.index("$(CDK) deploy ")
