"""Secrets are replaced while the system works: nothing fails, and what was replaced goes away."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.messaging.envelope import Envelope
from tests.support.drivers.command_driver import CommandDriver, command, verdict
from tests.support.drivers.offline import Deployment, eventually
from tests.support.drivers.payments_driver import AUTHORIZE, PaymentsDriver
from tests.support.drivers.quote_driver import QUOTED, Quoting
from tools.checks.secret_scan.allowlist import without
from tools.checks.secret_scan.scan import scan, under
from tools.emulator import function_logs
from tools.local import rotation
from tools.local.__main__ import main
from tools.local.rotation import Rotated, RotationError

A_MINUTE = 200
"""Requests."""
PROVIDER_KEY = "ProviderKey"


@pytest.fixture(scope="module")
def payments_driver(deployment: Deployment) -> PaymentsDriver:
    return PaymentsDriver(deployment)


@pytest.fixture(scope="module")
def driver(deployment: Deployment) -> CommandDriver:
    return CommandDriver(deployment, "payments")


@pytest.fixture
def quoting(deployment: Deployment) -> Quoting:
    return Quoting(deployment)


@pytest.fixture
def old_keys_go(deployment: Deployment, payments_driver: PaymentsDriver) -> Iterator[None]:
    """The provider's valid keys are as few as before."""
    yield
    retire(deployment)


def rotate(deployment: Deployment, service: str, secret: str) -> Rotated:
    return rotation.rotate(deployment.outputs, deployment.cloud, service, secret)


def retire(deployment: Deployment, after_seconds: float = 0) -> dict[str, int]:
    """Revoke what was replaced, as the clock does every hour."""
    function = deployment.named("payments", "functions", "ProviderKeyRetirement")
    answer: dict[str, int] = rotation.call(
        deployment.cloud, function, {"after_seconds": after_seconds}
    )
    return answer


def take(deployment: Deployment, step: str, token: str) -> None:
    """One step of the provider key's rotation."""
    secrets = deployment.cloud.client("secretsmanager")
    arn = secrets.describe_secret(SecretId=name_of(deployment, "payments", "ProviderKey"))["ARN"]
    function = deployment.named("payments", "functions", "ProviderKeyRotation")
    event = {"Step": step, "SecretId": arn, "ClientRequestToken": token}
    rotation.call(deployment.cloud, function, event)


def name_of(deployment: Deployment, service: str, secret: str) -> str:
    return deployment.named(service, "secrets", secret)


def stages(deployment: Deployment, secret: str = PROVIDER_KEY) -> dict[str, str]:
    """The version that bears each label."""
    described = deployment.cloud.client("secretsmanager").describe_secret(
        SecretId=name_of(deployment, "payments", secret)
    )
    found = described["VersionIdsToStages"]
    return {label: version for version, labels in found.items() for label in labels}


@contextmanager
def requests_at_a_steady_rate(request: Callable[[], None]) -> Iterator[list[Exception]]:
    """Make requests all the while, none waiting for another; what went wrong is the result."""
    ended = threading.Event()
    failures: list[Exception] = []
    pool = ThreadPoolExecutor(20)

    def guarded() -> None:
        try:
            request()
        except Exception as failure:
            failures.append(failure)

    def pace() -> None:
        due = time.monotonic()
        while not ended.is_set():
            pool.submit(guarded)
            due += 60 / A_MINUTE
            ended.wait(max(0.0, due - time.monotonic()))

    pacer = threading.Thread(target=pace)
    pacer.start()
    try:
        yield failures
    finally:
        ended.set()
        pacer.join()
        pool.shutdown(wait=True)


def after(seconds: float) -> None:
    """Let the requests of so many seconds pass."""
    threading.Event().wait(seconds)


def test_a_rotation_during_200_requests_a_minute_loses_none_and_leaves_one_valid_key(
    deployment: Deployment, payments_driver: PaymentsDriver, driver: CommandDriver
) -> None:
    retire(deployment)
    driver.ask("AuthorizePayment", str(uuid.uuid4()), **AUTHORIZE)  # a worker is warm
    sent: list[Envelope] = []

    def authorize() -> None:
        message = command("AuthorizePayment", str(uuid.uuid4()), **AUTHORIZE)
        driver.send(message)
        sent.append(message)

    begun = int(time.time() * 1000)
    before = payments_driver.provider.keys()
    with requests_at_a_steady_rate(authorize) as failures:
        after(1.0)
        for _ in range(2):
            rotate(deployment, "payments", "ProviderKey")
            assert len(payments_driver.provider.keys()) == 2, (
                "the old key and the new one are both valid"
            )
            after(0.8)
            # At once, and so while workers still have the old key in their hands.
            assert retire(deployment) == {"revoked": 1, "valid": 1}
            after(0.8)
    assert failures == []
    assert len(sent) >= 10
    for message in sent:
        assert verdict(driver.await_replies(message)[0]) == ("done", None)
        assert payments_driver.charge(message.aggregate_id)["status"] == "authorized"
    assert failures_of(deployment, "QueuedCommands", begun) == []
    left = payments_driver.provider.keys()
    assert len(left) == 1
    assert left != before


def test_a_rotation_of_the_signing_secret_under_load_refuses_no_quote(
    deployment: Deployment, quoting: Quoting
) -> None:
    placed: list[int] = []
    quoting.order(quoting.offer())  # a function is warm

    def order_by_quote() -> None:
        answer = quoting.order(quoting.offer())
        assert answer.status == 202, answer.body
        placed.append(answer.json["total"])

    with requests_at_a_steady_rate(order_by_quote) as failures:
        after(0.8)
        rotate(deployment, "signing", "QuoteSigning")
        after(1.2)
    assert failures == []
    assert len(placed) >= 5
    assert set(placed) == {QUOTED}


def test_a_quote_outlives_the_rotation_of_its_key(deployment: Deployment, quoting: Quoting) -> None:
    quote = quoting.offer()
    rotated = rotate(deployment, "signing", "QuoteSigning")
    assert quote.startswith(rotated.before)
    assert quoting.order(quote).json["total"] == QUOTED
    assert quoting.offer().startswith(rotated.after)
    accepted = eventually(lambda: quoting.order(quoting.offer()).json.get("total"))
    assert accepted == QUOTED


@pytest.mark.parametrize(
    "spoil",
    [
        lambda quote: quote[:-1] + ("0" if quote[-1] != "0" else "1"),
        lambda quote: quote.replace(quote.split(".")[0], str(uuid.uuid4())),
        lambda _: "not a quote",
    ],
    ids=["signature", "key", "form"],
)
def test_a_forged_quote_is_refused(quoting: Quoting, spoil: Callable[[str], str]) -> None:
    answer = quoting.order(spoil(quoting.offer()))
    assert answer.status == 422
    assert answer.json["type"].endswith("/quote-refused")
    assert answer.json["errors"][0]["pointer"] == "/quote"


def test_keys_go_once_nobody_can_have_them_in_hand(
    deployment: Deployment, payments_driver: PaymentsDriver, old_keys_go: None
) -> None:
    retire(deployment)
    rotate(deployment, "payments", "ProviderKey")
    assert retire(deployment, after_seconds=900) == {"revoked": 0, "valid": 2}
    assert retire(deployment, after_seconds=0) == {"revoked": 1, "valid": 1}
    assert retire(deployment, after_seconds=0) == {"revoked": 0, "valid": 1}


def test_a_rotation_that_was_interrupted_goes_on(
    deployment: Deployment, payments_driver: PaymentsDriver, old_keys_go: None
) -> None:
    retire(deployment)
    token = str(uuid.uuid4())
    take(deployment, "createSecret", token)
    assert len(payments_driver.provider.keys()) == 2
    assert retire(deployment) == {"revoked": 0, "valid": 2}, "the key to come is not an old one"
    rotated = rotate(deployment, "payments", "ProviderKey")
    assert (rotated.after, rotated.was_under_way) == (token, True)
    assert len(payments_driver.provider.keys()) == 2
    assert stages(deployment)["AWSPREVIOUS"] == rotated.before


def test_a_step_out_of_turn_is_refused(deployment: Deployment) -> None:
    current = stages(deployment)["AWSCURRENT"]
    with pytest.raises(RotationError, match="there is no version"):
        take(deployment, "finishSecret", str(uuid.uuid4()))
    assert stages(deployment)["AWSCURRENT"] == current


def test_a_rotation_that_the_provider_refuses_says_so_and_changes_nothing(
    deployment: Deployment, payments_driver: PaymentsDriver, driver: CommandDriver
) -> None:
    secrets, name = deployment.cloud.client("secretsmanager"), "ProviderKey"
    secret = name_of(deployment, "payments", name)
    good = secrets.get_secret_value(SecretId=secret)["SecretString"]
    secrets.put_secret_value(SecretId=secret, SecretString=json.dumps({"api_key": "nobody's"}))
    before = stages(deployment)
    try:
        with pytest.raises(
            RotationError, match=r"createSecret failed.*does not know the key"
        ) as raised:
            rotate(deployment, "payments", name)
        assert stages(deployment) == before
    finally:
        secrets.put_secret_value(SecretId=secret, SecretString=good)
    assert json.loads(good)["api_key"] not in str(raised.value) + str(raised.value.evidence)
    rotate(deployment, "payments", name)
    retire(deployment)


def test_the_command_says_what_it_has_replaced_or_why_not(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--workspace", str(deployment.emulator.workspace.root), "rotate"]
    assert main([*command, "signing"]) == 0
    assert "signing QuoteSigning: took the four steps" in capsys.readouterr().out
    assert main([*command, "signing", "--secret", "Nothing"]) == 1
    assert "signing has no secret Nothing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("service", "secret", "message"),
    [
        ("orders", None, "orders has no secrets; those that have: payments, signing"),
        ("nobody", None, "nobody has no secrets"),
        ("signing", "Nothing", "signing has no secret Nothing; it has QuoteSigning"),
    ],
)
def test_what_cannot_be_rotated_is_named(
    deployment: Deployment, service: str, secret: str | None, message: str
) -> None:
    with pytest.raises(RotationError, match=message):
        rotation.secrets_of(deployment.outputs, service, secret)


def test_no_value_of_a_secret_is_in_any_log_or_template(
    deployment: Deployment, tmp_path: Path
) -> None:
    """Last, about everything that the tests before have made functions do."""
    values = held_values(deployment)
    assert len(values) >= 4
    functions = {
        f"{service}/{name}": function
        for service, resources in deployment.outputs["services"].items()
        for name, function in resources.get("functions", {}).items()
    }
    lines = function_logs.lines(deployment.cloud, functions)
    assert any("step of a rotation taken" in line.text for line in lines)
    logged = tmp_path / "functions.log"
    logged.write_text("\n".join(map(str, lines)))
    workspace = deployment.emulator.workspace
    searched = [logged, *workspace.root.glob("*.log"), *under(workspace.offline_assembly)]
    assert scan(searched, without(), values) == []
    planted = tmp_path / "planted.log"
    planted.write_text(f"as it should not be: {next(iter(values))}")
    assert [it.kind for it in scan([planted], without(), values)] == ["Deployed Secret"]


def failures_of(deployment: Deployment, worker: str, since: int) -> list[str]:
    """What a worker of payments could not do at its first attempt, though later it may have."""
    functions = {worker: deployment.named("payments", "functions", worker)}
    lines = function_logs.lines(deployment.cloud, functions, since=since)
    return [line.text for line in lines if '"level":"ERROR"' in line.text]


def held_values(deployment: Deployment) -> frozenset[str]:
    """What the deployed secrets hold and held."""
    secrets = deployment.cloud.client("secretsmanager")
    found = set()
    for resources in deployment.outputs["services"].values():
        for name in resources.get("secrets", {}).values():
            for version in secrets.describe_secret(SecretId=name)["VersionIdsToStages"]:
                value = secrets.get_secret_value(SecretId=name, VersionId=version)["SecretString"]
                held = json.loads(value)
                held.pop("made_up", None)  # a mark, and no secret
                found |= {it for it in held.values() if isinstance(it, str)}
    return frozenset(found)
