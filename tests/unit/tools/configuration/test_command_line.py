"""What cannot be meant is refused with exit status 1, and no local command leaves this machine."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tools.configuration.__main__ import main
from tools.configuration.documents import CHECKOUT


def test_the_documents_of_this_repository_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert "orders, payments, pricing, shipping: right" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["check", "plan", "apply", "drift"])
def test_an_unknown_service_is_named_before_anything_is_asked(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--service", "nobody"]) == 1
    assert 'no service "nobody" has configuration' in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "plan", "apply", "drift"])
def test_an_unknown_environment_is_refused(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exited:
        main([command, "--environment", "production"])
    assert exited.value.code
    assert "choose from" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["plan", "apply", "drift"])
def test_where_nothing_is_deployed_the_command_says_so(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--workspace", str(tmp_path)]) == 1
    assert "make up" in capsys.readouterr().err


@pytest.mark.parametrize(
    "endpoint", ["https://appconfig.eu-west-1.amazonaws.com", "http://10.0.0.1:4566"]
)
def test_without_an_environment_no_account_can_be_reached(
    endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "outputs.json").write_text(json.dumps({"endpoint": endpoint}))
    assert main(["apply", "--workspace", str(tmp_path)]) == 1
    assert f"refusing to talk to {endpoint}" in capsys.readouterr().err


def test_an_account_without_credentials_is_an_error_and_no_stack_trace(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert main(["apply", "--environment", "prod"]) == 1
    assert "credentials" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["config-plan", "config-apply", "config-drift"])
def test_make_leads_to_an_account_only_with_its_environment(target: str) -> None:
    command = ["make", "--no-print-directory", "--dry-run", "--silent", target, "-o", "setup"]
    local = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert "env -u AWS_PROFILE" in local.stdout.splitlines()[-1]
    assert "--environment" not in local.stdout.splitlines()[-1]
    command += ["ENVIRONMENT=staging"]
    account = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert "env -u AWS_PROFILE" not in account.stdout.splitlines()[-1]
    assert '--environment="$GIVEN_ENVIRONMENT"' in account.stdout.splitlines()[-1]


def test_a_deployment_is_checked_before_it_and_configured_after_it() -> None:
    command = [
        "make",
        "--no-print-directory",
        "--dry-run",
        "--silent",
        "deploy",
        "-o",
        "setup",
        "ENV=prod",
    ]
    said = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    check, deploy, apply = (
        said.index(it)
        for it in (
            "configuration check --environment=",
            "cdk deploy --all",
            "configuration apply --environment=",
        )
    )
    assert check < deploy < apply
