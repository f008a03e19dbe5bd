"""Secrets Manager throttles or cannot be reached: what was read last stays in force, for long."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from contracts.product import PRODUCT
from orders_language.quotes import SigningKey, verify
from payments.adapters.http_provider import HttpPaymentProvider
from payments.adapters.provider_key import ProviderKey
from payments.ports import Authorized
from shared.runtime.secrets import PAUSE, TIME_TO_LIVE, SecretUnavailable, VersionedSecret
from tests.support.drivers.offline import Deployment
from tests.support.drivers.payments_driver import PaymentsDriver
from tests.support.drivers.quote_driver import Quoting
from tools.base.endpoint import Cloud
from tools.local import rotation
from tools.measure.benchmarks.probes.botocore_stub import Body

NOBODY = "http://127.0.0.1:9"
HOURS = 3600.0


class SecretsManager:
    """The deployed one behind botocore's client; it can be made to throttle or to be away."""

    def __init__(self, cloud: Cloud) -> None:
        self._client = Cloud(cloud.endpoint).client("secretsmanager")
        self._away = Cloud(NOBODY).client("secretsmanager")
        self.is_away = False
        self.now = 0.0
        self.throttled = 0

    def clock(self) -> float:
        return self.now

    def get_secret_value(self, **asked: Any) -> Any:
        return (self._away if self.is_away else self._client).get_secret_value(**asked)

    @contextmanager
    def fails(self, how: str) -> Iterator[None]:
        """Until the context ends every call fails in this way."""
        event = "before-send.secretsmanager.GetSecretValue"
        self.is_away = how == "unreachable"
        if how == "throttled":
            self._client.meta.events.register(event, self._throttle)
        try:
            yield
        finally:
            self.is_away = False
            self._client.meta.events.unregister(event, self._throttle)

    def _throttle(self, request: Any, **_event: Any) -> AWSResponse:
        self.throttled += 1
        answer = {"__type": "ThrottlingException", "message": "Rate exceeded"}
        headers: Any = {}
        return AWSResponse(request.url, 400, headers, Body(json.dumps(answer).encode()))


@pytest.fixture
def payments_driver(deployment: Deployment) -> PaymentsDriver:
    return PaymentsDriver(deployment)


@pytest.fixture
def service(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> SecretsManager:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # botocore waits between its tries
    return SecretsManager(deployment.cloud)


def arn_of(deployment: Deployment, parameter: str) -> str:
    name = f"/{PRODUCT}/dev/{parameter}"
    arn: str = deployment.cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    return arn


@pytest.mark.parametrize("how", ["throttled", "unreachable"])
def test_payments_go_on_with_the_key_that_was_read_last(
    deployment: Deployment, payments_driver: PaymentsDriver, service: SecretsManager, how: str
) -> None:
    arn = arn_of(deployment, "payments/provider-key-secret-arn")
    key = ProviderKey(service, arn, service.clock)
    provider = HttpPaymentProvider(payments_driver.provider.url, key, lambda: 2.0)

    def authorize() -> object:
        return provider.authorize(str(uuid.uuid4()), "customer-1", 1290, "EUR")

    assert isinstance(authorize(), Authorized)
    with service.fails(how):
        for _ in range(3):
            service.now += 8 * HOURS
            assert isinstance(authorize(), Authorized)
    assert bool(service.throttled) == (how == "throttled")
    rotation.rotate(deployment.outputs, deployment.cloud, "payments", "ProviderKey")
    old = key.current()
    service.now += PAUSE
    assert key.current() != old, "a rotation is followed again"
    assert isinstance(authorize(), Authorized)
    retirement = deployment.named("payments", "functions", "ProviderKeyRetirement")
    assert rotation.call(deployment.cloud, retirement, {"after_seconds": 0})["valid"] == 1


@pytest.mark.parametrize("how", ["throttled", "unreachable"])
def test_quotes_are_verified_with_the_keys_that_were_read_last(
    deployment: Deployment, service: SecretsManager, how: str
) -> None:
    quoting = Quoting(deployment)
    arn = arn_of(deployment, "signing/quote-signing-secret-arn")
    keys = VersionedSecret(service, arn, SigningKey, service.clock)
    quote = quoting.offer()
    verify(quote, keys.version)
    with service.fails(how):
        service.now += 10 * TIME_TO_LIVE
        assert verify(quote, keys.version).currency == "EUR"
    rotation.rotate(deployment.outputs, deployment.cloud, "signing", "QuoteSigning")
    service.now += PAUSE
    assert verify(quoting.offer(), keys.version).currency == "EUR"
    assert verify(quote, keys.version).currency == "EUR"


@pytest.mark.parametrize("how", ["throttled", "unreachable"])
def test_who_has_never_read_a_secret_says_so_and_may_ask_again(
    deployment: Deployment, service: SecretsManager, how: str
) -> None:
    arn = arn_of(deployment, "payments/provider-key-secret-arn")
    key = ProviderKey(service, arn, service.clock)
    cause = "ThrottlingException" if how == "throttled" else "EndpointConnectionError"
    with service.fails(how), pytest.raises(SecretUnavailable, match=cause):
        key.current()
    assert key.current()
