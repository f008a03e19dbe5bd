"""One synthesis for each environment, without the rule engine: one test runs that by itself."""

import os

import pytest

os.environ["CDK_VALIDATION"] = "false"  # read when aws_cdk is first imported

from tests.infra.system import ENVIRONMENTS, System, synthesized


@pytest.fixture(scope="session", params=ENVIRONMENTS)
def system(request: pytest.FixtureRequest) -> System:
    """All templates of each environment in turn."""
    return synthesized(request.param)
