"""Requests that nobody thought of, made from the APIs' documents: every answer is as declared."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.product import PRODUCT
from tests.support.drivers.offline import Deployment
from tools.base.partners_key import key_of_partners
from tools.base.workspace import CHECKOUT
from tools.docgen.openapi.files import FOLDER
from tools.local import tokens

CONFIGURATION = CHECKOUT / "tests" / "support" / "schemathesis.toml"
FEW, MANY = 20, 300
"""Cases for each operation and phase."""
PARTNERS = r"^/v1/partner-"
"""Paths of operations that are for partners' systems, who bring other tokens."""
EXCLUDED = (
    *("--exclude-operation-id", "forgetCustomer"),
    *("--exclude-operation-id", "forgetPartnerCustomer"),
)
"""Who is forgotten is answered 410 ever after, and nothing else would be tried."""
LONGEST = {FEW: 540, MANY: 1800}
"""Seconds."""
ALONE = "examples,coverage,fuzzing"
CHAINED = f"{ALONE},stateful"


def tried(
    deployment: Deployment,
    service: str,
    cases: int,
    phases: str,
    folder: Path,
    *,
    checks: str = "all",
    partner: bool = False,
) -> str:
    """What schemathesis says; it is in a process of its own, as it hooks into all of pytest."""
    if service == "shipping":
        gateway = deployment.cloud.client("apigateway")
        keys = gateway.get_api_keys(includeValues=True, limit=500)["items"]
        name = f"{PRODUCT}-dev-shipping-tern-post"
        brought = ["x-api-key: " + next(it["value"] for it in keys if it["name"] == name)]
    elif partner:
        token = tokens.of_a_machine(deployment.outputs, deployment.cloud)
        key = key_of_partners(deployment.cloud)
        brought = [f"Authorization: Bearer {token}", f"x-api-key: {key}"]
    else:
        brought = [f"Authorization: Bearer {deployment.token(f'fuzzer-of-{service}')}"]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", f"--config-file={CONFIGURATION}", "run"),
            *(FOLDER / f"{service}.json", "--url", deployment.url(service)),
            *(it for header in brought for it in ("--header", header)),
            *("--checks", checks, "--phases", phases, "--max-examples", str(cases)),
            *("--seed", "1", "--generation-database", "none", "--no-color"),
            *(EXCLUDED if service == "customers" else ()),
            *("--include-path-regex" if partner else "--exclude-path-regex", PARTNERS),
        ],
        cwd=folder,
        env=os.environ | {"COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=LONGEST[cases],
        check=False,
    )
    return "" if done.returncode == 0 else (done.stdout + done.stderr)[-6000:]


def test_a_few_requests_that_nobody_thought_of_are_answered_as_declared(
    deployment: Deployment, tmp_path: Path
) -> None:
    if fault := tried(deployment, "orders", FEW, "fuzzing", tmp_path):
        pytest.fail(fault)


def test_a_method_that_a_path_does_not_have_is_told_which_ones_there_are(
    deployment: Deployment, tmp_path: Path
) -> None:
    if fault := tried(deployment, "orders", FEW, "coverage", tmp_path, checks="unsupported_method"):
        pytest.fail(fault)


@pytest.mark.nightly
@pytest.mark.timeout(2000)
@pytest.mark.parametrize("service", ["orders", "order-views", "customers", "shipping"])
def test_many_requests_and_chains_of_them_are_answered_as_declared(
    service: str, deployment: Deployment, tmp_path: Path
) -> None:
    if fault := tried(deployment, service, MANY, CHAINED, tmp_path):
        pytest.fail(fault)


@pytest.mark.nightly
@pytest.mark.timeout(2000)
@pytest.mark.parametrize(
    ("service", "phases"),
    [
        ("orders", ALONE),  # the one operation there that is for partners leads to none of its kind
        ("order-views", CHAINED),
        ("customers", CHAINED),
    ],
)
def test_partners_get_answers_as_declared_too(
    service: str, phases: str, deployment: Deployment, tmp_path: Path
) -> None:
    if fault := tried(deployment, service, MANY, phases, tmp_path, partner=True):
        pytest.fail(fault)
