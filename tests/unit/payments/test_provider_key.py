"""The provider's key: the current one, and another one after a refusal."""

from payments.adapters.provider_key import ProviderKey
from tests.support.fakes.fake_secrets_manager import ARN, FakeSecretsManager


def test_a_refused_key_is_read_again_at_once() -> None:
    secrets = FakeSecretsManager('{"api_key": "first"}')
    key = ProviderKey(secrets, ARN, lambda: 0.0)
    assert key.current() == key.current() == "first"
    secrets.put('{"api_key": "second"}')
    assert key.current() == "first"
    assert key.fetch() == key.current() == "second"
    assert secrets.reads == 2
