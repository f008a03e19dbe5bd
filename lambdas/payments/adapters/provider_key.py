"""The key for the payment provider, from Secrets Manager, and how a rotation is followed."""

import time
from collections.abc import Callable
from typing import Any

import msgspec

from shared.runtime.secrets import Secret


class KeyDocument(msgspec.Struct, frozen=True):
    """What the secret holds; a ``made_up`` key stands there until the provider's first one does."""

    api_key: str
    made_up: bool = False


class ProviderKey:
    """``client`` is a botocore Secrets Manager client; ``monotonic`` gives seconds."""

    def __init__(
        self, client: Any, secret_arn: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._secret = Secret(client, secret_arn, KeyDocument, monotonic)

    def current(self) -> str:
        """The key, a few minutes old at most."""
        return self._secret.current().value.api_key

    def fetch(self) -> str:
        """The key as it is now: the provider refused the one that we had."""
        return self._secret.fetch().value.api_key
