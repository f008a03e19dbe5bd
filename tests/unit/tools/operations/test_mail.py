"""No environment that sends mail is deployed with a domain that can never send any."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.product import PRODUCT
from stacks.mail_domain import somebody_can_own
from tools.base.errors import OperationFailed
from tools.base.target import Target
from tools.base.terminal import Terminal
from tools.operations import mail
from tools.operations.__main__ import main

CHECKOUT = Path(__file__).resolve().parents[4]


def check(folder: Path, environment: str, **changes: str) -> str:
    """What is said with cdk.json as it is, but for these keys of its context."""
    cdk_json: dict[str, Any] = json.loads((CHECKOUT / "cdk.json").read_text("utf-8"))
    cdk_json["context"] |= changes
    changed = folder / "cdk.json"
    changed.write_text(json.dumps(cdk_json))
    console = Terminal(width=240, record=True)

    def nobody(_service: str) -> Any:
        raise AssertionError("nothing is to be called")

    mail.check(Target("an account", environment, nobody, is_offline=False), console, changed)
    return console.export_text()


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_the_default_domain_is_refused_with_the_key_to_set(
    tmp_path: Path, environment: str
) -> None:
    with pytest.raises(OperationFailed, match='"mail_domain" in the context of cdk'):
        check(tmp_path, environment)


def test_an_environment_that_sends_no_mail_needs_no_domain(tmp_path: Path) -> None:
    assert "sends no mail" in check(tmp_path, "dev")
    assert "sends no mail" in check(tmp_path, "prod", mail="outbox")


def test_a_domain_that_somebody_can_own_is_named(tmp_path: Path) -> None:
    assert f"mail comes from prod.{PRODUCT}.shop" in check(
        tmp_path, "prod", mail_domain=f"{PRODUCT}.shop"
    )


@pytest.mark.parametrize(
    "domain",
    [
        *(f"{PRODUCT}.example", f"{PRODUCT}.test", f"{PRODUCT}.invalid", "mail.localhost"),
        *("example.com", "shop.example.com", "example.net", "example.org", "a.b.example.org"),
        *("Example.COM.", f"{PRODUCT.upper()}.EXAMPLE", f"{PRODUCT}.example.", f"{PRODUCT}.local"),
        *("example", "localhost", PRODUCT, "", ".", f"{PRODUCT}..shop"),
    ],
)
def test_a_name_that_nobody_can_own_is_never_verified(domain: str) -> None:
    assert not somebody_can_own(domain)


@pytest.mark.parametrize(
    "domain",
    [f"{PRODUCT}.shop", "example.de", "myexample.com", f"test.{PRODUCT}.io", "a.b.co.uk."],
)
def test_any_other_name_may_be_verified(domain: str) -> None:
    assert somebody_can_own(domain)


def test_the_command_fails_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def account(environment: str, *_: object) -> Target:
        return Target("an account", environment, lambda _: None, is_offline=False)

    monkeypatch.setattr("tools.base.place.account", account)
    assert main(["--environment", "prod", "mail"]) == 1
    assert f"error: prod would send mail from prod.{PRODUCT}.example" in capsys.readouterr().err
    assert main(["--environment", "dev", "mail"]) == 0


def test_a_deployment_begins_with_the_domain() -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    recipe = makefile.partition("\ndeploy: ")[2].partition("\n\n")[0]
    assert 0 < recipe.index(" mail\n") < recipe.index("$(CDK) deploy ")
