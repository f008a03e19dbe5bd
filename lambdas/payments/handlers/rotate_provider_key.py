"""Secrets Manager's rotation of the provider's key: a new one from the provider, beside the old."""

from functools import cache
from typing import Any

import msgspec

from payments.adapters.provider_key import KeyDocument
from payments.adapters.provider_keys import ProviderKeys
from payments.environment import KeyEnvironment
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.rotation import RotationRefused, rotate
from shared.runtime.tracing.invocations import invocation


@invocation
def handler(event: dict[str, Any], _context: Any) -> None:
    """Take one of the four steps."""
    rotate(aws.client("secretsmanager"), event, _kind())


@cache
def _kind() -> "KeyFromProvider":
    return KeyFromProvider(ProviderKeys(load(KeyEnvironment).provider_url))


class KeyFromProvider:
    """Implements ``shared.runtime.rotation.Kind``.

    The old key stays valid, for those that have it in their hands: ``retire_provider_keys``
    revokes it once nobody has.
    """

    def __init__(self, keys: ProviderKeys) -> None:
        self._keys = keys

    def create(self, current: str, token: str) -> str:
        """Ask for a key with the one that we have. A repetition gets the same key."""
        in_force = _read(current)
        if in_force.made_up:
            raise RotationRefused(
                "the secret holds a made-up key: put in the provider's first one, as "
                "docs/operations.md says"
            )
        issued = self._keys.issue(in_force.api_key, token)
        return msgspec.json.encode({"api_key": issued.key}).decode()

    def set(self, current: str, pending: str) -> None:
        """Nothing: the provider accepts its keys from the moment in which it issues them."""

    def test(self, pending: str) -> None:
        """Ask the provider for something that only a valid key is answered.

        A made-up key is not tried: it is pending only when Secrets Manager tries a new schedule.
        """
        key = _read(pending)
        if key.made_up:
            log.info("nothing to test: the provider's first key has not been put in")
            return
        self._keys.valid(key.api_key)


def _read(secret: str) -> KeyDocument:
    return msgspec.json.decode(secret, type=KeyDocument)
