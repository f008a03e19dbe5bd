"""The provider's key: read once for a while, and again when it is asked for."""

from typing import Any

from payments.adapters.provider_key import TIME_TO_LIVE, ProviderKey


class FakeSecretsManager:
    """A secret that changes."""

    def __init__(self) -> None:
        self.key = "first"
        self.calls: list[str] = []

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803
        """As GetSecretValue."""
        self.calls.append(SecretId)
        return {"SecretString": f'{{"api_key": "{self.key}", "key_id": "k-1"}}'}


def test_the_secret_is_read_once_for_a_while_and_then_again() -> None:
    secrets, now = FakeSecretsManager(), [0.0]
    key = ProviderKey(secrets, "arn:secret", lambda: now[0])
    assert key.current() == key.current() == "first"
    assert secrets.calls == ["arn:secret"]
    secrets.key = "second"
    now[0] = TIME_TO_LIVE - 1
    assert key.current() == "first"
    now[0] = TIME_TO_LIVE
    assert key.current() == "second"


def test_a_refused_key_is_read_again_at_once() -> None:
    secrets = FakeSecretsManager()
    key = ProviderKey(secrets, "arn:secret", lambda: 0.0)
    key.current()
    secrets.key = "second"
    assert key.fetch() == key.current() == "second"
    assert len(secrets.calls) == 2
