"""With every permission enforced the system works as it does without, and secrets are apart."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from contracts.product import PRODUCT
from tests.support.drivers.notification_driver import NotificationDriver
from tests.support.drivers.offline import Deployment, call, eventually, recorded, stopped
from tests.support.drivers.quote_driver import LINE, QUOTED, SHIP_TO, Quoting
from tools.base.endpoint import REGION
from tools.checks.permissions import record
from tools.checks.permissions.compare import compare
from tools.checks.permissions.reasons import known
from tools.emulator import function_logs
from tools.emulator.emulator import Emulator
from tools.emulator.payment_provider import PaymentProvider
from tools.local import books, rotation
from tools.local.bring_up import bring_up
from tools.local.invariants import examine
from tools.local.rotation import RotationError

SECRETS = (
    ("payments", "ProviderKey"),
    ("payments", "BackupProviderKey"),
    ("signing", "QuoteSigning"),
)
READERS = {
    "payments-QueuedCommands": {"ProviderKey", "BackupProviderKey"},
    "payments-ProviderKeyRotation": {"ProviderKey"},
    "payments-ProviderKeyRetirement": {"ProviderKey"},
    "payments-BackupProviderKeyRotation": {"BackupProviderKey"},
    "payments-BackupProviderKeyRetirement": {"BackupProviderKey"},
    "signing-QuoteSigningRotation": {"QuoteSigning"},
    "orders-PlaceOrder": {"QuoteSigning"},
}


@pytest.fixture(scope="module")
def enforced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Everything deployed to an emulator that checks each call of a function."""
    directory: Path = tmp_path_factory.mktemp("enforced")
    with Emulator(directory, auth=True) as emulator, recorded(emulator):
        outputs = bring_up(emulator, Console(quiet=True))
        yield Deployment(emulator, outputs, emulator.cloud)


def place(enforced: Deployment) -> str:
    answer = call(
        "POST",
        enforced.url("orders", "/v1/orders"),
        token=enforced.token(),
        headers={"Idempotency-Key": str(uuid.uuid4())},
        body={"lines": [LINE], "currency": "EUR", "ship_to": SHIP_TO},
    )
    assert answer.status == 202, answer.body
    order_id: str = answer.json["order_id"]
    return order_id


def view(enforced: Deployment, order_id: str) -> dict[str, Any]:
    url = enforced.url("order-views", f"/v1/orders/{order_id}")
    answer: dict[str, Any] = call("GET", url, token=enforced.token()).json
    return answer


def test_the_whole_skeleton_works_under_its_own_roles(enforced: Deployment) -> None:
    providers = PaymentProvider.all_of(enforced.emulator.workspace)
    notifications_driver = NotificationDriver(enforced)
    ada = notifications_driver.customer()
    told = notifications_driver.order(ada)
    with stopped(enforced, "fulfilment", "StartSaga"):  # until the provider knows whom to decline
        good, declined, called_off = place(enforced), place(enforced), place(enforced)
        for provider in providers:
            provider.add_fault("decline", reference=declined)
    cancelled = call(
        "POST",
        enforced.url("orders", f"/v1/orders/{called_off}/cancellation"),
        token=enforced.token(),
        headers={"Idempotency-Key": str(uuid.uuid4())},
        body={"reason": "changed_mind"},
    )
    assert cancelled.status in (202, 409), cancelled.body
    eventually(lambda: view(enforced, good).get("status") == "confirmed")
    eventually(lambda: view(enforced, declined).get("status") == "rejected")
    eventually(lambda: view(enforced, called_off).get("status") != "placed")
    eventually(lambda: "order-confirmed" in notifications_driver.templates(ada.id))
    history = call(
        "GET", enforced.url("orders", f"/v1/orders/{good}/history"), token=enforced.token()
    )
    assert [it["type"] for it in history.json["events"]] == ["OrderPlaced", "OrderConfirmed"]
    orders = [good, declined, called_off, told]

    def all_is_well() -> bool:
        report = examine(books.read(enforced.outputs, enforced.cloud, providers, orders))
        assert report.holds, report.violations
        return True

    eventually(all_is_well)
    assert ada.asks("DELETE") == 204


def test_quotes_and_rotations_work_under_their_own_roles(enforced: Deployment) -> None:
    quoting = Quoting(enforced)
    assert quoting.order(quoting.offer()).json["total"] == QUOTED
    for service, secret in SECRETS:
        rotated = rotation.rotate(enforced.outputs, enforced.cloud, service, secret)
        assert rotated.after != rotated.before
    total = eventually(lambda: quoting.order(quoting.offer()).json.get("total"))
    assert total == QUOTED
    retirement = enforced.named("payments", "functions", "ProviderKeyRetirement")
    answer = rotation.call(enforced.cloud, retirement, {"after_seconds": 0})
    assert answer == {"revoked": 1, "valid": 1}


@pytest.mark.parametrize(("service", "secret"), SECRETS)
@pytest.mark.parametrize("role", READERS)
def test_a_role_reads_the_secrets_that_it_is_for_and_no_other(
    enforced: Deployment, role: str, service: str, secret: str
) -> None:
    secrets = enforced.cloud.as_role(f"{PRODUCT}-dev-{REGION}-{role}").client("secretsmanager")

    def read() -> Any:
        return secrets.get_secret_value(SecretId=arn_of(enforced, service, secret))

    if secret in READERS[role]:
        assert read()["SecretString"]
    else:
        with pytest.raises(ClientError, match="AccessDenied"):
            read()


@pytest.mark.parametrize(
    "role", ["orders-CancelOrder", "inventory-QueuedCommands", "order-views-GetOrder"]
)
def test_others_read_no_secret_at_all(enforced: Deployment, role: str) -> None:
    secrets = enforced.cloud.as_role(f"{PRODUCT}-dev-{REGION}-{role}").client("secretsmanager")
    for service, secret in SECRETS:
        with pytest.raises(ClientError, match="AccessDenied"):
            secrets.get_secret_value(SecretId=arn_of(enforced, service, secret))


def test_a_rotation_touches_its_own_secret_only(enforced: Deployment) -> None:
    event = {
        "Step": "createSecret",
        "SecretId": arn_of(enforced, "payments", "ProviderKey"),
        "ClientRequestToken": str(uuid.uuid4()),
    }
    with pytest.raises(RotationError, match="AccessDenied"):
        rotation.call(
            enforced.cloud, enforced.named("signing", "functions", "QuoteSigningRotation"), event
        )


def test_no_function_was_denied_what_it_asked_for(enforced: Deployment) -> None:
    """Last, about everything that the tests before have made functions do."""
    functions = {
        f"{service}/{name}": function
        for service, resources in enforced.outputs["services"].items()
        for name, function in resources.get("functions", {}).items()
    }
    denied = [
        str(line)
        for line in function_logs.lines(enforced.cloud, functions)
        if ("AccessDenied" in line.text or '"level":"ERROR"' in line.text)
        and "QuoteSigningRotation" not in line.function
    ]
    assert denied == []


def test_what_functions_asked_for_was_recorded_and_fits_what_they_may(
    enforced: Deployment,
) -> None:
    """After all of that; what nobody used is judged after every test of the deployed system."""
    calls = list(record.called(enforced.emulator.workspace))
    found = compare([(record.granted(enforced.cloud), calls)], known())
    assert found.refused == ()
    used = {(it.role.rpartition("-")[2], it.action) for it in found.exercised}
    assert {
        ("PlaceOrder", "dynamodb:PutItem"),
        ("Relay", "kinesis:PutRecords"),
        ("SendCommand", "sqs:SendMessage"),
        ("TakeReply", "states:SendTaskSuccess"),
        ("ForgetCustomer", "dynamodb:DeleteItem"),
        ("GetOrder", "dynamodb:GetItem"),
    } <= used
    unused = {(it.role.rpartition("-")[2], it.action) for it in found.unused}
    assert ("ScanEvents", "dynamodb:Scan") in unused, "nobody has compared store and log here"


def arn_of(enforced: Deployment, service: str, secret: str) -> str:
    name = enforced.named(service, "secrets", secret)
    described = enforced.cloud.client("secretsmanager").describe_secret(SecretId=name)
    arn: str = described["ARN"]
    return arn
