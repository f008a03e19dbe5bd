"""No environment that customers use is deployed with payment providers that cannot answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.product import PRODUCT
from tools.base.errors import OperationFailed
from tools.base.target import Target
from tools.base.terminal import Terminal
from tools.operations import providers
from tools.operations.__main__ import main

CHECKOUT = Path(__file__).resolve().parents[4]
OURS = {
    "payment_provider_url": f"https://pay.{PRODUCT}.shop",
    "backup_payment_provider_url": f"https://pay2.{PRODUCT}.shop",
}


def check(folder: Path, environment: str, **changes: str) -> str:
    """What is said with cdk.json as it is, but for these keys of its context."""
    cdk_json: dict[str, Any] = json.loads((CHECKOUT / "cdk.json").read_text("utf-8"))
    cdk_json["context"] |= changes
    changed = folder / "cdk.json"
    changed.write_text(json.dumps(cdk_json))
    console = Terminal(width=240, record=True)

    def nobody(_service: str) -> Any:
        raise AssertionError("nothing is to be called")

    target = Target("an account", environment, nobody, is_offline=False)
    providers.check(target, console, changed)
    return console.export_text()


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_the_defaults_are_refused_with_the_key_to_set(tmp_path: Path, environment: str) -> None:
    with pytest.raises(OperationFailed, match='"payment_provider_url" in the context of cdk'):
        check(tmp_path, environment)


def test_the_one_for_failover_is_asked_about_too(tmp_path: Path) -> None:
    named = {"payment_provider_url": OURS["payment_provider_url"]}
    with pytest.raises(OperationFailed, match='"backup_payment_provider_url" in the context'):
        check(tmp_path, "prod", **named)


@pytest.mark.parametrize("address", [f"http://pay.{PRODUCT}.shop", f"pay.{PRODUCT}.shop", ""])
def test_what_is_no_https_address_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(OperationFailed, match="https address"):
        check(tmp_path, "prod", **{**OURS, "payment_provider_url": address})


def test_providers_that_can_answer_are_named(tmp_path: Path) -> None:
    said = check(tmp_path, "prod", **OURS)
    assert all(address in said for address in OURS.values())


def test_development_is_told_what_will_not_work(tmp_path: Path) -> None:
    assert check(tmp_path, "dev").count("orders will stay open") == 2


def test_the_command_fails_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def account(environment: str, *_: object) -> Target:
        return Target("an account", environment, lambda _: None, is_offline=False)

    monkeypatch.setattr("tools.base.place.account", account)
    assert main(["--environment", "prod", "providers"]) == 1
    assert "error: prod would ask https://payments.example" in capsys.readouterr().err
    assert main(["--environment", "dev", "providers"]) == 0


def test_a_deployment_begins_with_the_providers() -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    recipe = makefile.partition("\ndeploy: ")[2].partition("\n\n")[0]
    assert 0 < recipe.index(" providers\n") < recipe.index("$(CDK) deploy ")
