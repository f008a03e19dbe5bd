"""No deployment begins in an account that cannot carry it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tools.base.errors import OperationFailed
from tools.base.target import Target
from tools.operations import quota

CHECKOUT = Path(__file__).resolve().parents[4]


def check(environment: str, allowed: int) -> str:
    class Lambda:
        def get_account_settings(self) -> dict[str, Any]:
            return {"AccountLimit": {"ConcurrentExecutions": allowed}}

    console = Console(width=240, record=True)
    target = Target("an account", environment, lambda _service: Lambda(), is_offline=False)
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


def test_a_deployment_begins_with_the_quota() -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    recipe = makefile.partition("\ndeploy: ")[2].partition("\n\n")[0]
    assert 0 < recipe.index(" quota\n") < recipe.index(" deploy --all")
