"""Envoy's configuration: who may call, from where it is believed, and what stays on loopback."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stacks.constructs.envoy import Certificates, Listener, Server, Sidecar, sidecar
from stacks.constructs.envoy_filters import CALLER, TRUST_DOMAIN, Caller
from tests.support.containers import with_containers
from tools.containers import environment, proto

ACCOUNT = "123456789012"
SERVICE = "shop.pricing.v1.PricingService"
TASK = Sidecar(
    service=SERVICE,
    prefix="pricing",
    listeners=(Listener(8080, account=ACCOUNT, trusted=("169.254.171.0/24",)),),
    servers=(Server(50051),),
    callers=(
        Caller("partners", ("Quote", "WatchPrices"), role="shop-dev-partners-*"),
        Caller("quote", ("Quote",), role="shop-dev-pricing-Quote"),
    ),
    address="0.0.0.0",  # noqa: S104 - a task's interface
    health_port=8081,
)


def found(config: Any, name: str) -> Iterator[Any]:
    """Every value of a key, wherever it is."""
    if isinstance(config, dict):
        for key, value in config.items():
            if key == name:
                yield value
            yield from found(value, name)
    elif isinstance(config, list | tuple):
        for it in config:
            yield from found(it, name)


def policies(of: Sidecar) -> dict[str, Any]:
    (rules,) = found(sidecar(of), "rules")
    assert rules["action"] == "ALLOW"
    result: dict[str, Any] = rules["policies"]
    return result


def identity_pattern(of: Sidecar, caller: str) -> str:
    (regex,) = found(policies(of)[caller], "regex")
    return str(regex)


@pytest.mark.parametrize(
    ("identity", "is_partner"),
    [
        (f"Principal=arn:aws:iam::{ACCOUNT}:role/shop-dev-partners-Api", True),
        (
            f"Principal=arn:aws:sts::{ACCOUNT}:assumed-role/shop-dev-partners-Api/s-1;Type=AWS_IAM",
            True,
        ),
        (f"Type=AWS_IAM; Principal=arn:aws:iam::{ACCOUNT}:role/shop-dev-partners-Api", True),
        (f"Principal=arn:aws-cn:iam::{ACCOUNT}:role/shop-dev-partners-Api", True),
        ("Principal=arn:aws:iam::999999999999:role/shop-dev-partners-Api", False),
        (f"Principal=arn:aws:iam::{ACCOUNT}:role/shop-prod-partners-Api", False),
        (f"Principal=arn:aws:iam::{ACCOUNT}:user/shop-dev-partners-Api", False),
        (f"SessionName=x\\;Principal=arn:aws:iam::{ACCOUNT}:role/shop-dev-partners-Api", False),
        (f"Principal=arn:aws:iam::{ACCOUNT}:role/a/shop-dev-partners-Api", False),
        ("", False),
    ],
)
def test_a_role_is_known_by_the_whole_of_its_name(identity: str, is_partner: bool) -> None:
    pattern = identity_pattern(TASK, "partners")
    assert bool(re.fullmatch(pattern, identity)) is is_partner


def test_a_name_without_a_star_admits_no_longer_one() -> None:
    pattern = identity_pattern(TASK, "quote")
    name = f"Principal=arn:aws:iam::{ACCOUNT}:role/shop-dev-pricing-Quote"
    assert re.fullmatch(pattern, name)
    assert not re.fullmatch(pattern, f"{name}s")


def test_each_caller_may_call_its_methods_alone() -> None:
    paths = {name: list(found(it, "exact")) for name, it in policies(TASK).items()}
    assert paths == {
        "partners": [f"/{SERVICE}/Quote", f"/{SERVICE}/WatchPrices"],
        "quote": [f"/{SERVICE}/Quote"],
    }


def test_lattices_header_is_believed_from_lattice_alone() -> None:
    for policy in policies(TASK).values():
        (ids,) = found(policy["principals"], "and_ids")
        assert len(ids["ids"]) == 2
        assert list(found(ids, "address_prefix")) == ["169.254.171.0"]


def test_a_callers_own_word_for_its_identity_is_removed_before_ours_is_set() -> None:
    (mutations,) = found(sidecar(TASK), "request_mutations")
    assert mutations[0] == {"remove": CALLER}
    assert mutations[1]["append"]["header"]["value"] == "%REQ(x-amzn-lattice-identity)%"


def test_with_certificates_a_caller_is_its_spiffe_id() -> None:
    files = Certificates("own.pem", "own.key", "authority.pem")
    direct = replace(TASK, listeners=(Listener(8443, certificates=files),))
    (required,) = found(sidecar(direct), "require_client_certificate")
    assert required is True
    assert f"spiffe://{TRUST_DOMAIN}/partners" in list(found(policies(direct), "exact"))
    assert not list(found(policies(direct), "regex")), "no header counts here"


def test_reflection_and_health_are_open_in_dev_alone() -> None:
    assert set(policies(TASK)) == {"partners", "quote"}
    assert "everybody-in-dev" in policies(replace(TASK, reflection=True))
    assert "/grpc.reflection." not in json.dumps(sidecar(TASK))


def test_the_admin_interface_is_on_loopback() -> None:
    admin = sidecar(TASK)["admin"]["address"]["socket_address"]
    assert admin["address"] == "127.0.0.1"


def test_a_task_fits_into_a_definition() -> None:
    """ECS takes 64 KB for all containers of a task."""
    assert len(json.dumps(sidecar(TASK))) < 16 * 1024


@pytest.mark.nightly
@with_containers
@pytest.mark.parametrize("reflection", [False, True])
def test_envoy_takes_it(tmp_path: Path, reflection: bool) -> None:
    descriptor = str(proto.generated() / proto.DESCRIPTOR)
    task = replace(TASK, descriptor=descriptor, reflection=reflection, log=str(tmp_path / "log"))
    file = tmp_path / "envoy.json"
    file.write_text(json.dumps(sidecar(task)))
    done = subprocess.run(
        [environment.ENVOY, "--mode", "validate", "-c", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
