"""One synthesis for each environment, without the rule engine: one test runs that by itself.

The packages are built before collection, since parameters of tests are read from templates. Who
writes snapshots, which hold no digest of a package, waits for none.
"""

import os
from pathlib import Path

import pytest

os.environ["CDK_VALIDATION"] = "false"  # read when aws_cdk is first imported

from bundling.build import build as build_packages
from bundling.workspace import unbuilt
from tests.infra import system as systems
from tests.infra.system import System, synthesized
from tools.base.target import ENVIRONMENTS


def pytest_configure(config: pytest.Config) -> None:
    """Each environment is synthesized by one worker, for all of them."""
    if config.option.update_snapshots:
        systems.packages = unbuilt
    else:
        build_packages("cloud", [])
    if hasattr(config, "workerinput"):  # then pytest-xdist has given each a folder within the run's
        systems.shared = Path(config.option.basetemp).parent / "synthesized"


@pytest.fixture(scope="session", params=ENVIRONMENTS)
def system(request: pytest.FixtureRequest) -> System:
    """All templates of each environment in turn."""
    return synthesized(request.param)
