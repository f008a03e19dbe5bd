"""A new signing key: random, never the old one, and in force only if it verifies what it signs."""

from __future__ import annotations

import json

import msgspec
import pytest

from orders_language.quotes import ForgedQuote, Quote, SigningKey, sign, verify
from shared.runtime import aws
from shared.runtime.secrets import Version
from signing.handlers import rotate_quote_signing
from signing.handlers.rotate_quote_signing import BYTES, NewSigningKey
from tests.support.fakes.fake_secrets_manager import ARN, FakeSecretsManager

OFFER = Quote("a customer", (), "EUR", "2026-12-01T10:00:00.000Z")


def key_in(secret: str) -> str:
    return msgspec.json.decode(secret, type=SigningKey).key


def a_key(letter: str) -> str:
    return json.dumps({"key": letter * 32})


def test_each_key_is_random_and_long() -> None:
    keys = {key_in(NewSigningKey().create(a_key("a"), "token")) for _ in range(20)}
    assert len(keys) == 20
    assert all(len(key) >= BYTES for key in keys)


def test_a_key_is_not_put_in_force_twice() -> None:
    NewSigningKey().set(a_key("a"), a_key("b"))
    with pytest.raises(ValueError, match="is the old one"):
        NewSigningKey().set(a_key("a"), a_key("a"))


def test_a_key_that_signs_is_accepted() -> None:
    NewSigningKey().test(a_key("b"))


@pytest.mark.parametrize("secret", ['{"key":"short"}', "{}", "no JSON"])
def test_what_is_no_key_is_refused(secret: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        NewSigningKey().test(secret)


def test_a_key_that_does_not_verify_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    other = msgspec.structs.replace(rotate_quote_signing.TRIAL, currency="USD")
    monkeypatch.setattr(rotate_quote_signing, "verify", lambda *_: other)
    with pytest.raises(ValueError, match="does not verify"):
        NewSigningKey().test(a_key("b"))


def test_a_rotation_leaves_quotes_of_both_keys_good_and_of_older_ones_bad(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = FakeSecretsManager(a_key("a"))
    monkeypatch.setattr(aws, "client", lambda _: service)
    quotes = []
    for number in range(3):
        current = service.version_at("AWSCURRENT")
        assert current
        key = Version(current, SigningKey(key_in(service.values[current])))
        quotes.append(sign(OFFER, key))
        if number < 2:
            rotate(service, f"00000000-0000-4000-8000-00000000000{number}")

    def known(key_id: str) -> Version[SigningKey] | None:
        stages = [service.version_at(it) for it in ("AWSCURRENT", "AWSPREVIOUS")]
        if key_id not in stages:
            return None
        return Version(key_id, SigningKey(key_in(service.values[key_id])))

    assert [verify(it, known) for it in quotes[1:]] == [OFFER, OFFER]
    with pytest.raises(ForgedQuote, match="unknown"):
        verify(quotes[0], known)


def rotate(service: FakeSecretsManager, token: str) -> None:
    service.stages.setdefault(token, [])
    service.stages[token].append("AWSPENDING")
    for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
        event = {"SecretId": ARN, "ClientRequestToken": token, "Step": step}
        rotate_quote_signing.handler(event, None)
