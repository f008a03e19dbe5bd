"""Secrets by their ARN: kept for a while, read again when refused, kept on when nobody answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from shared.runtime import log

ValueT = TypeVar("ValueT")
CachedT = TypeVar("CachedT")

TIME_TO_LIVE = 300.0
"""Seconds after which a secret is read again, whatever those say whom it is shown to."""
PAUSE = 10.0
"""Seconds between tries while Secrets Manager does not answer."""
SEARCH_PAUSE = 1.0
"""Seconds between two searches for versions that are unknown: whoever makes up version ids costs us
one search in that time. A version that comes just then is found by the next one; nobody shows a
new version so soon, since those who do keep the one before for a while, too."""
CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"

_FAILURES = (BotoCoreError, ClientError, msgspec.DecodeError, KeyError)


class SecretUnavailable(Exception):
    """The secret was never read here, and cannot be read now; names it, and never its value."""


@dataclass(frozen=True, slots=True)
class Version(Generic[ValueT]):
    """One version of a secret; ``id`` is Secrets Manager's."""

    id: str
    value: ValueT


class Secret(Generic[ValueT]):
    """The current version of a secret.

    ``client`` is a botocore Secrets Manager client, ``form`` a msgspec Struct of what the secret
    holds as JSON, ``monotonic`` gives seconds.
    """

    def __init__(
        self,
        client: Any,
        arn: str,
        form: type[ValueT],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cached = _Cached(lambda: _read(client, arn, CURRENT, form), arn, monotonic)

    def current(self) -> Version[ValueT]:
        """At most TIME_TO_LIVE seconds old, unless it cannot be read. Raises SecretUnavailable."""
        return self._cached.value()

    def fetch(self) -> Version[ValueT]:
        """As it is now: what we had was refused. Raises SecretUnavailable."""
        return self._cached.read()


class VersionedSecret(Generic[ValueT]):
    """A secret's current version and the one before it, found by their ids.

    What a rotation replaced goes on working until the next one, and no longer.
    """

    def __init__(
        self,
        client: Any,
        arn: str,
        form: type[ValueT],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._searched_at: float | None = None

        def read() -> Mapping[str, Version[ValueT]]:
            found = [_read(client, arn, CURRENT, form)]
            try:
                found.append(_read(client, arn, PREVIOUS, form))
            except ClientError as failure:
                if _code(failure) != "ResourceNotFoundException":  # it was never rotated
                    raise
            return {version.id: version for version in found}

        self._cached = _Cached(read, arn, monotonic)

    def version(self, version_id: str) -> Version[ValueT] | None:
        """None if it is neither of the two, as far as is known. Raises SecretUnavailable.

        An unknown id is looked for once, then refused for SEARCH_PAUSE seconds without a look.
        """
        cached = self._cached.value()
        if version_id not in cached and self._may_search():
            cached = self._cached.read()
        return cached.get(version_id)

    def _may_search(self) -> bool:
        now = self._monotonic()
        if self._searched_at is not None and now - self._searched_at < SEARCH_PAUSE:
            return False
        self._searched_at = now
        log.metric("UnknownSecretVersions", 1)
        return True


class _Cached(Generic[CachedT]):
    """What was read last: for TIME_TO_LIVE, and for as long as it cannot be read again."""

    def __init__(
        self, read: Callable[[], CachedT], arn: str, monotonic: Callable[[], float]
    ) -> None:
        self._read = read
        self._arn = arn
        self._monotonic = monotonic
        self._cached: CachedT | None = None
        self._until = 0.0
        self._failing = False

    def value(self) -> CachedT:
        if self._cached is not None and self._monotonic() < self._until:
            return self._cached
        return self.read()

    def read(self) -> CachedT:
        if self._cached is not None and self._failing and self._monotonic() < self._until:
            return self._cached  # it did not answer a moment ago
        try:
            self._cached = self._read()
        except _FAILURES as failure:
            self._until = self._monotonic() + PAUSE
            return self._cached_in_spite_of(failure)
        self._until = self._monotonic() + TIME_TO_LIVE
        if self._failing:
            self._failing = False
            log.info("the secret can be read again", secret=self._arn)
        return self._cached

    def _cached_in_spite_of(self, failure: Exception) -> CachedT:
        cause = _code(failure) or type(failure).__name__
        log.metric("SecretUnreadable", 1)
        if self._cached is None:
            raise SecretUnavailable(f"{self._arn}: {cause}") from failure
        if not self._failing:
            self._failing = True
            log.warning("the secret's last value stays in force", secret=self._arn, cause=cause)
        return self._cached


def _read(client: Any, arn: str, stage: str, form: type[ValueT]) -> Version[ValueT]:
    answer = client.get_secret_value(SecretId=arn, VersionStage=stage)
    return Version(answer["VersionId"], msgspec.json.decode(answer["SecretString"], type=form))


def _code(failure: Exception) -> str | None:
    return failure.response["Error"]["Code"] if isinstance(failure, ClientError) else None
