"""The CDK's own command line deploys the same assembly that the local tool deploys by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from contracts.product import PRODUCT
from tools.base.assembly import Assembly, synthesized
from tools.base.endpoint import ACCOUNT, REGION, Cloud, assert_loopback
from tools.base.workspace import CHECKOUT
from tools.emulator.emulator import Emulator
from tools.emulator.offline_copy import make_offline_copy

CLI = CHECKOUT / "node_modules" / ".bin" / "cdk"


@dataclass(frozen=True)
class CommandLine:
    """The CDK's CLI, which can reach nothing but one emulator."""

    directory: Path
    endpoint: str

    def run(self, *arguments: str) -> str:
        """Run it; what it printed."""
        # Without an endpoint the CLI would talk to AWS with whatever credentials it finds.
        assert_loopback(self.endpoint)
        done = subprocess.run(
            [CLI, *arguments, "--no-notices"],
            cwd=self.directory,
            env={
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
                "HOME": str(self.directory),
                "AWS_ENDPOINT_URL": self.endpoint,
                "AWS_ACCESS_KEY_ID": ACCOUNT,
                "AWS_SECRET_ACCESS_KEY": "offline",
                "AWS_REGION": REGION,
                "AWS_EC2_METADATA_DISABLED": "true",
                "CI": "true",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An empty account of its own."""
    with Emulator(tmp_path_factory.mktemp("real-cli")) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def assembly(emulator: Emulator) -> Assembly:
    """The copy that the emulator can deploy."""
    cloudformation = emulator.cloud.client("cloudformation")
    with synthesized() as made:
        target = emulator.workspace.offline_assembly
        copy, _ = make_offline_copy(made, target, cloudformation, auth=False)
    return copy


@pytest.mark.nightly
def test_the_cli_bootstraps_deploys_and_finds_nothing_left_to_do(
    emulator: Emulator, assembly: Assembly, tmp_path: Path
) -> None:
    cdk = CommandLine(tmp_path, emulator.endpoint)
    cdk.run("bootstrap", f"aws://{ACCOUNT}/{REGION}")
    deploy = ["deploy", "--all", "--app", str(assembly.directory), "--require-approval", "never"]
    cdk.run(*deploy, "--outputs-file", "outputs.json")
    assert _deployed(emulator.cloud) == {stack.name for stack in assembly.stacks}

    outputs = json.loads((tmp_path / "outputs.json").read_text())
    assert "execute-api" in json.dumps(outputs[f"{PRODUCT}-dev-orders"])
    assert "(no changes)" in cdk.run(*deploy)


def _deployed(cloud: Cloud) -> set[str]:
    described = cloud.client("cloudformation").describe_stacks()["Stacks"]
    return {
        stack["StackName"]
        for stack in described
        if stack["StackName"].startswith(f"{PRODUCT}-")
        and stack["StackStatus"] == "CREATE_COMPLETE"
    }
