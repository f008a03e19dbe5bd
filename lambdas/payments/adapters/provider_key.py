"""The key for the payment provider, from Secrets Manager, and how a rotation is followed."""

import time
from collections.abc import Callable
from typing import Any

import msgspec

TIME_TO_LIVE = 300.0
"""Seconds after which the secret is read again, whatever the provider says."""


class Secret(msgspec.Struct, frozen=True):
    """What the secret holds; a rotation may keep more beside the key, such as its id."""

    api_key: str


class ProviderKey:
    """``client`` is a botocore Secrets Manager client; ``monotonic`` gives seconds."""

    def __init__(
        self, client: Any, secret_arn: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._secret_arn = secret_arn
        self._monotonic = monotonic
        self._key: str | None = None
        self._read_at = 0.0

    def current(self) -> str:
        """The key, at most TIME_TO_LIVE seconds old."""
        if self._key is not None and self._monotonic() - self._read_at < TIME_TO_LIVE:
            return self._key
        return self.fetch()

    def fetch(self) -> str:
        """The key as it is now: the provider refused the one that we had."""
        answer = self._client.get_secret_value(SecretId=self._secret_arn)
        self._key = msgspec.json.decode(answer["SecretString"], type=Secret).api_key
        self._read_at = self._monotonic()
        return self._key
