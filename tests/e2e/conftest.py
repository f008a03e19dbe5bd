"""The system under test: what SYSTEM_OUTPUTS names, or else the tests' own emulator.

``SYSTEM_OUTPUTS`` is the path of an outputs file, such as ``.local/outputs.json``, and
``SYSTEM_TOKEN_COMMAND`` prints a token of the user whose name is added to it, such as
``python -m tools.local token --user``.
"""

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.drivers.offline import Deployment
from tests.support.drivers.system import System


@pytest.fixture(scope="session")
def system(request: pytest.FixtureRequest) -> System:
    """Everything deployed and reachable; warm, since the first call of a function takes longer."""
    if path := os.environ.get("SYSTEM_OUTPUTS"):
        system = System(json.loads(Path(path).read_text()), _token_by_command)
    else:
        deployment: Deployment = request.getfixturevalue("deployment")
        system = System(deployment.outputs, deployment.token)
    _warm_up(system)
    return system


def _token_by_command(user: str) -> str:
    command = [*shlex.split(os.environ["SYSTEM_TOKEN_COMMAND"]), user]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _warm_up(system: System) -> None:
    order_id = system.cancelled()
    system.history(order_id)
    system.orders()
    system.visible(order_id, version=2, within=30)
