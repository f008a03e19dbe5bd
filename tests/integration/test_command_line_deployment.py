"""The way to the cloud, as far as the account: the real CDK CLI deploys the same templates."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from local.assembly import synthesized
from local.deploy import deploy
from local.emulator import Emulator
from local.endpoint import ACCOUNT, REGION, assert_loopback
from local.offline_copy import make_offline_copy
from local.workspace import CHECKOUT


def _cdk(emulator: Emulator, *arguments: str) -> None:
    """Run the CLI against the emulator, in an environment that knows no other endpoint."""
    assert_loopback(emulator.endpoint)
    result = subprocess.run(
        [CHECKOUT / "node_modules" / ".bin" / "cdk", *arguments],
        cwd=emulator.workspace.root,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(emulator.workspace.scratch),
            "CI": "true",
            "AWS_ENDPOINT_URL": emulator.endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "offline",
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout


def test_the_cli_deploys_every_stack_and_leaves_nothing_for_us_to_change(tmp_path: Path) -> None:
    with Emulator(tmp_path) as emulator:
        cloudformation = emulator.cloud.client("cloudformation")
        with synthesized() as assembly:
            copy, _ = make_offline_copy(assembly, tmp_path / "copy", cloudformation, auth=False)
        _cdk(emulator, "bootstrap", f"aws://{ACCOUNT}/{REGION}", "--no-notices")
        _cdk(
            emulator,
            *("deploy", "--app", str(copy.directory), "--all", "--require-approval", "never"),
            *("--concurrency", "4", "--no-notices"),
        )
        statuses = {
            stack["StackName"]: stack["StackStatus"]
            for stack in cloudformation.describe_stacks()["Stacks"]
        }
        names = {stack.name for stack in copy.stacks}
        assert {statuses.get(name) for name in names} == {"CREATE_COMPLETE"}
        assert set(deploy(copy, emulator.cloud).values()) == {"unchanged"}
