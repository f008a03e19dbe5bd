"""A new token of the agent: random, never the old one, and one that a header can hold."""

from __future__ import annotations

import json

import msgspec
import pytest

from pricing.handlers import rotate_agent_token
from pricing.handlers.rotate_agent_token import BYTES, NewToken
from shared.runtime import aws
from tests.support.fakes.fake_secrets_manager import ARN, FakeSecretsManager

OLD = json.dumps({"token": "a" * 48})


def test_each_token_is_random_long_and_one_for_a_header() -> None:
    made = {NewToken().create(OLD, "version") for _ in range(20)}
    assert len(made) == 20
    for it in made:
        assert len(json.loads(it)["token"]) >= BYTES
        NewToken().set(OLD, it)
        NewToken().test(it)


def test_a_token_is_not_put_in_force_twice() -> None:
    with pytest.raises(ValueError, match="is the old one"):
        NewToken().set(OLD, OLD)


@pytest.mark.parametrize("token", ["short", "b" * 47 + "\n", "c" * 30 + " " + "c" * 30, "é" * 60])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="too short, or not one for a header"):
        NewToken().test(json.dumps({"token": token}))


@pytest.mark.parametrize("secret", ["{}", "no JSON", '{"token": 7}'])
def test_what_is_no_document_is_refused(secret: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        NewToken().test(secret)


def test_a_rotation_takes_its_four_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    service = FakeSecretsManager(OLD)
    monkeypatch.setattr(aws, "client", lambda _: service)
    version = "00000000-0000-4000-8000-000000000001"
    service.stages[version] = ["AWSPENDING"]
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        event = {"SecretId": ARN, "ClientRequestToken": version, "Step": step}
        rotate_agent_token.handler(event, None)
    assert service.version_at("AWSCURRENT") == version
    assert service.values[version] != OLD
