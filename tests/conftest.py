"""One emulator for all tests that want the deployed system, started when the first one does."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from contracts.product import PRODUCT_TITLE
from tools.base import proxies

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.support.drivers.offline import Deployment
    from tools.base.endpoint import Cloud
    from tools.base.outputs import Outputs

if os.environ.get("ON_ONE_CORE") == "yes" and hasattr(os, "sched_setaffinity"):
    # This process, and all that it starts. What passes here depends on no machine's pace.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

# A busy machine is no fault of the code: no example is timed.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Handlers that a test calls here speak to the emulator as they would to AWS: through the proxy.
proxies.bypass(os.environ)
# The rules of cdk-nag have a test of their own. It is read when aws_cdk is first imported, which
# any test may do.
os.environ["CDK_VALIDATION"] = "false"
# As a stack has it for each function: what is called after the product, tests call so too.
os.environ["METRIC_NAMESPACE"] = f"{PRODUCT_TITLE}/test"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is collected stays to the end: looking through it for garbage again and again, as the
    tests run, would take a tenth of their time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """How long each file of `make test` took is kept: what a change selects is weighed by it."""
    if config.getoption("markexpr") == "not nightly":
        from tests.support.durations import remember

        stats = terminalreporter.stats.values()
        remember(it for several in stats for it in several if hasattr(it, "duration"))


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Everything deployed, on a port and in a folder of its own; gone when the session ends."""
    # Here and not above: unit tests must not wait for the deployment's libraries.
    from rich.console import Console

    from tests.support.drivers.offline import ENFORCED, Deployment, recorded
    from tools.emulator.emulator import Emulator
    from tools.local.bring_up import bring_up

    directory: Path = tmp_path_factory.mktemp("offline")
    with Emulator(directory, auth=ENFORCED) as emulator, recorded(emulator):
        outputs = bring_up(emulator, Console(quiet=True))
        yield Deployment(emulator, outputs, emulator.cloud)


@pytest.fixture(scope="session")
def outputs(deployment: Deployment) -> Outputs:
    """What `.local/outputs.json` holds for this deployment."""
    return deployment.outputs


@pytest.fixture(scope="session")
def cloud(deployment: Deployment) -> Cloud:
    """AWS clients: `cloud.client("dynamodb")`."""
    return deployment.cloud


@pytest.fixture(scope="session")
def demo_token(deployment: Deployment) -> str:
    """An access token of the user `demo`."""
    return deployment.token("demo")


@pytest.fixture(scope="session")
def other_token(deployment: Deployment) -> str:
    """An access token of another user, who must not see what belongs to `demo`."""
    return deployment.token("other")


@pytest.fixture(scope="module")
def browser(pytestconfig: pytest.Config) -> Iterator[Browser]:
    """The machine's Chromium. Where there is none the tests are skipped, and .ci/run fails.

    It keeps an event loop at work, beside which tests of other modules could not have theirs.
    """
    from tests.support.browser import launched
    from tests.support.chromium import NONE, chromium

    program = chromium()
    if program is None:
        capture: Any = pytestconfig.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            print(f"\n{NONE}", flush=True)  # noqa: T201
        pytest.skip(NONE)
    with launched(str(program)) as started:
        yield started
