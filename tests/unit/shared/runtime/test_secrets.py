"""A secret: read once for a while, again when it was refused, kept when nobody answers."""

from __future__ import annotations

import json

import msgspec
import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from shared.runtime.secrets import (
    PAUSE,
    SEARCH_PAUSE,
    TIME_TO_LIVE,
    Secret,
    SecretUnavailable,
    VersionedSecret,
)
from tests.support.fakes.clock import Clock
from tests.support.fakes.fake_secrets_manager import ARN, FakeSecretsManager, error

FAULTS = [
    error("ThrottlingException"),
    error("AccessDeniedException"),
    error("InternalServiceError"),
    EndpointConnectionError(endpoint_url="https://secretsmanager"),
    ReadTimeoutError(endpoint_url="https://secretsmanager"),
]


class Form(msgspec.Struct):
    password: str


def document(password: str) -> str:
    return json.dumps({"password": password, "engine": "more than is asked for"})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service() -> FakeSecretsManager:
    return FakeSecretsManager(document("first"))


@pytest.fixture
def secret(service: FakeSecretsManager, clock: Clock) -> Secret[Form]:
    return Secret(service, ARN, Form, clock)


@pytest.fixture
def versioned(service: FakeSecretsManager, clock: Clock) -> VersionedSecret[Form]:
    return VersionedSecret(service, ARN, Form, clock)


def test_it_is_read_once_for_a_while_and_then_again(
    service: FakeSecretsManager, clock: Clock, secret: Secret[Form]
) -> None:
    first = secret.current()
    assert (first.value.password, first.id) == ("first", service.version_at("AWSCURRENT"))
    service.put(document("second"))
    clock.now += TIME_TO_LIVE - 1
    assert secret.current() == first
    assert service.reads == 1
    clock.now += 1
    assert secret.current().value.password == "second"
    assert service.reads == 2


def test_what_was_refused_is_read_again_at_once(
    service: FakeSecretsManager, secret: Secret[Form]
) -> None:
    secret.current()
    service.put(document("second"))
    assert secret.fetch().value.password == secret.current().value.password == "second"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda it: str(it)[:40])
def test_the_last_value_stays_in_force_when_nobody_answers(
    service: FakeSecretsManager,
    clock: Clock,
    secret: Secret[Form],
    fault: Exception,
    capsys: pytest.CaptureFixture[str],
) -> None:
    secret.current()
    service.fault = fault
    clock.now += 10 * TIME_TO_LIVE
    for _ in range(100):
        assert secret.current().value.password == "first"
        assert secret.fetch().value.password == "first"
    assert service.reads == 2, "it was asked again and again"
    printed = capsys.readouterr().out
    assert printed.count("the secret's last value stays in force") == 1
    assert printed.count('"SecretUnreadable":1') == 1
    clock.now += PAUSE
    assert secret.current().value.password == "first"
    assert "stays in force" not in capsys.readouterr().out
    service.fault = None
    service.put(document("second"))
    clock.now += PAUSE
    assert secret.current().value.password == "second"
    assert "the secret can be read again" in capsys.readouterr().out


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"password": 1}', '{"user": "x"}'])
def test_a_value_that_is_not_in_its_form_is_not_taken(
    service: FakeSecretsManager, clock: Clock, secret: Secret[Form], damaged: str
) -> None:
    secret.current()
    service.put(damaged)
    assert secret.fetch().value.password == "first"


def test_without_any_value_the_fault_is_told_and_the_secret_is_not(
    service: FakeSecretsManager, secret: Secret[Form]
) -> None:
    service.put('{"password": ["hunter2"]}')
    with pytest.raises(SecretUnavailable, match="ValidationError") as raised:
        secret.current()
    assert ARN in str(raised.value)
    assert "hunter2" not in str(raised.value)
    service.put(document("second"))
    assert secret.current().value.password == "second", "the first read is never put off"


def test_a_version_is_found_by_its_id_and_so_is_the_one_before(
    service: FakeSecretsManager, versioned: VersionedSecret[Form]
) -> None:
    first = service.version_at("AWSCURRENT") or ""
    second = service.put(document("second"))
    for version, password in ((first, "first"), (second, "second")):
        found = versioned.version(version)
        assert found is not None
        assert (found.id, found.value.password) == (version, password)
    assert service.reads == 2


def test_a_version_that_came_since_is_fetched_once(
    service: FakeSecretsManager, versioned: VersionedSecret[Form]
) -> None:
    first = service.version_at("AWSCURRENT") or ""
    assert versioned.version(first)
    second = service.put(document("second"))
    assert versioned.version(second)
    assert versioned.version(first), "the one before goes on working"


def test_a_version_before_the_one_before_works_no_longer(
    service: FakeSecretsManager, clock: Clock, versioned: VersionedSecret[Form]
) -> None:
    first = service.version_at("AWSCURRENT") or ""
    assert versioned.version(first)
    service.put(document("second"))
    service.put(document("third"))
    clock.now += TIME_TO_LIVE
    assert versioned.version(first) is None


def test_unknown_versions_cost_one_search_in_a_while(
    service: FakeSecretsManager, clock: Clock, versioned: VersionedSecret[Form]
) -> None:
    versioned.version(service.version_at("AWSCURRENT") or "")
    begun = service.reads
    for number in range(500):
        assert versioned.version(f"made-up-{number}") is None
    searched = service.reads - begun
    assert searched == 2, "the current version and the one before"
    clock.now += SEARCH_PAUSE
    assert versioned.version("made-up") is None
    assert service.reads - begun == 2 * searched


def test_a_search_that_fails_forgets_nothing(
    service: FakeSecretsManager, versioned: VersionedSecret[Form]
) -> None:
    first = service.version_at("AWSCURRENT") or ""
    versioned.version(first)
    service.fault = error("ThrottlingException")
    assert versioned.version("made-up") is None
    assert versioned.version(first)
