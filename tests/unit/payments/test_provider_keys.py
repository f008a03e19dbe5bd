"""A provider's keys: replaced by new ones, and revoked once nobody can have them in hand."""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from payments.adapters.provider_keys import IssuedKey, KeyList, ListedKey
from payments.domain.errors import KeyRefused
from payments.handlers import retire_provider_keys, rotate_provider_key
from payments.handlers.rotate_provider_key import KeyFromProvider
from shared.runtime import aws
from shared.runtime.rotation import RotationRefused
from tests.support.fakes.fake_secrets_manager import ARN, FakeSecretsManager

HOUR = 3600.0


class FakeProvider:
    """As ``ProviderKeys``; a key's id is the key itself."""

    def __init__(self) -> None:
        self.issued_at = {"first": time.time() - 24 * HOUR}
        self.issued_for: dict[str, str] = {}

    def issue(self, key: str, request_id: str) -> IssuedKey:
        self._refuse_unless_known(key)
        new = self.issued_for.setdefault(request_id, f"key-{len(self.issued_for)}")
        self.issued_at.setdefault(new, time.time())
        return IssuedKey(new, new)

    def valid(self, key: str) -> KeyList:
        self._refuse_unless_known(key)
        return KeyList(key, tuple(ListedKey(it, at) for it, at in self.issued_at.items()))

    def revoke(self, key: str, key_id: str) -> None:
        self._refuse_unless_known(key)
        del self.issued_at[key_id]

    def _refuse_unless_known(self, key: str) -> None:
        if key not in self.issued_at:
            raise KeyRefused("keys", "the provider does not know the key")


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def secrets(provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> FakeSecretsManager:
    """The secret that both functions are about."""
    service = FakeSecretsManager(holding("first"))
    monkeypatch.setenv("PROVIDER_URL", "https://provider")
    monkeypatch.setenv("PROVIDER_KEY_SECRET_ARN", ARN)
    monkeypatch.setattr(aws, "client", lambda _service: service)
    monkeypatch.setattr(retire_provider_keys, "ProviderKeys", lambda _url: provider)
    monkeypatch.setattr(rotate_provider_key, "_kind", lambda: KeyFromProvider(provider))  # type: ignore[arg-type]
    return service


def holding(key: str) -> str:
    return json.dumps({"api_key": key})


def take(*steps: str, token: str) -> None:
    for step in steps:
        event = {"Step": step, "SecretId": ARN, "ClientRequestToken": token}
        rotate_provider_key.handler(event, None)


def retire(after_seconds: float = 900) -> Any:
    return retire_provider_keys.handler({"after_seconds": after_seconds}, None)


def rotated(secrets: FakeSecretsManager, provider: FakeProvider, seconds_ago: float) -> None:
    """The secret was replaced so long ago."""
    token = str(uuid.uuid4())
    take("createSecret", "setSecret", "testSecret", "finishSecret", token=token)
    secrets.changed = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    provider.issued_at["key-0"] = time.time() - seconds_ago


def test_a_new_key_comes_beside_the_old_one(
    secrets: FakeSecretsManager, provider: FakeProvider
) -> None:
    rotated(secrets, provider, 0)
    current = secrets.get_secret_value(SecretId=ARN)["SecretString"]
    assert json.loads(current) == {"api_key": "key-0"}
    assert set(provider.issued_at) == {"first", "key-0"}


def test_a_function_that_died_before_it_kept_the_key_gets_the_same_one_again(
    secrets: FakeSecretsManager, provider: FakeProvider
) -> None:
    token = str(uuid.uuid4())
    provider.issue("first", token)  # and then it was gone
    take("createSecret", token=token)
    assert set(provider.issued_at) == {"first", "key-0"}


def test_a_key_that_the_provider_does_not_know_is_not_put_in_force(
    secrets: FakeSecretsManager, provider: FakeProvider
) -> None:
    token = str(uuid.uuid4())
    take("createSecret", "setSecret", token=token)
    del provider.issued_at["key-0"]
    with pytest.raises(KeyRefused):
        take("testSecret", token=token)


def test_a_made_up_key_is_not_tried_and_nothing_is_made_from_it(
    secrets: FakeSecretsManager, provider: FakeProvider
) -> None:
    made_up = json.dumps({"api_key": "nobody's", "made_up": True})
    secrets.put(made_up)
    trial = str(uuid.uuid4())
    secrets.stages[trial], secrets.values[trial] = ["AWSPENDING"], made_up
    take("testSecret", token=trial)  # as Secrets Manager does when the schedule is new
    del secrets.stages[trial]
    with pytest.raises(RotationRefused, match="put in the provider's first one"):
        take("createSecret", token=str(uuid.uuid4()))
    assert retire() == {"revoked": 0, "valid": 0}
    assert set(provider.issued_at) == {"first"}


def test_the_old_key_goes_when_nobody_can_have_it(
    secrets: FakeSecretsManager, provider: FakeProvider
) -> None:
    rotated(secrets, provider, seconds_ago=HOUR)
    assert retire() == {"revoked": 1, "valid": 1}
    assert set(provider.issued_at) == {"key-0"}
    assert retire() == {"revoked": 0, "valid": 1}


def test_the_old_key_stays_while_a_worker_may_have_it(
    secrets: FakeSecretsManager, provider: FakeProvider
) -> None:
    rotated(secrets, provider, seconds_ago=60)
    assert retire() == {"revoked": 0, "valid": 2}


def test_a_key_that_was_just_issued_stays_though_no_secret_names_it_yet(
    secrets: FakeSecretsManager, provider: FakeProvider
) -> None:
    secrets.changed = datetime.now(UTC) - timedelta(hours=1)
    provider.issue("first", "a rotation that has not kept it yet")
    assert retire() == {"revoked": 0, "valid": 2}


def test_a_key_that_waits_to_be_put_in_force_stays(
    secrets: FakeSecretsManager, provider: FakeProvider
) -> None:
    take("createSecret", token=str(uuid.uuid4()))
    assert retire(after_seconds=0) == {"revoked": 0, "valid": 2}


def test_what_rotations_that_died_have_left_goes_too(
    secrets: FakeSecretsManager, provider: FakeProvider
) -> None:
    secrets.changed = datetime.now(UTC) - timedelta(hours=1)
    provider.issued_at |= {f"left-{number}": time.time() - HOUR for number in range(3)}
    assert retire() == {"revoked": 3, "valid": 1}


def test_with_a_key_that_nobody_knows_nothing_is_revoked(
    secrets: FakeSecretsManager, provider: FakeProvider
) -> None:
    secrets.put(holding("nobody's"))
    with pytest.raises(KeyRefused):
        retire(after_seconds=0)
    assert set(provider.issued_at) == {"first"}
