"""One synthesis for each environment, without the rule engine: one test runs that by itself."""

import os

import pytest

os.environ["CDK_VALIDATION"] = "false"  # read when aws_cdk is first imported

from bundling.build import build as build_packages
from tests.infra.system import System, synthesized
from tools.base.target import ENVIRONMENTS

build_packages("cloud", [])  # before collection: parameters of tests are read from templates


@pytest.fixture(scope="session", params=ENVIRONMENTS)
def system(request: pytest.FixtureRequest) -> System:
    """All templates of each environment in turn."""
    return synthesized(request.param)
