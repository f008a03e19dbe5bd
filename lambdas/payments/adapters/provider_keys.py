"""The provider's interface for keys: asks for a new one, lists those that are valid, revokes."""

from typing import TypeVar

import msgspec
import urllib3

from payments.domain.errors import KeyRefused, ProviderBroken, ProviderUnavailable
from shared.runtime import strict_json

TIMEOUT = urllib3.Timeout(connect=1.0, read=5.0)

AnswerT = TypeVar("AnswerT")


class IssuedKey(msgspec.Struct, frozen=True):
    """A new key, valid at once. Providers show it this one time."""

    id: str
    key: str


class ListedKey(msgspec.Struct, frozen=True):
    """A valid key without itself; ``issued_at`` in seconds since 1970."""

    id: str
    issued_at: float


class KeyList(msgspec.Struct, frozen=True):
    """Every valid key; ``current`` is the id of the one that the list was asked for with."""

    current: str
    keys: tuple[ListedKey, ...]


class ProviderKeys:
    """Every call raises KeyRefused, ProviderUnavailable, ProviderBroken; no error holds a key."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/") + "/v1/keys"
        self._connections = urllib3.PoolManager(timeout=TIMEOUT, retries=False)

    def issue(self, key: str, request_id: str) -> IssuedKey:
        """A new key; the same one again for the same ``request_id``."""
        answer = self._ask("POST", self._url, key, {"Idempotency-Key": request_id})
        return _read(answer, IssuedKey)

    def valid(self, key: str) -> KeyList:
        """The keys that the provider accepts, this one among them."""
        return _read(self._ask("GET", self._url, key), KeyList)

    def revoke(self, key: str, key_id: str) -> None:
        """Let the provider accept a key no longer, or find that it does not anyway."""
        self._ask("DELETE", f"{self._url}/{key_id}", key)

    def _ask(self, method: str, url: str, key: str, headers: dict[str, str] | None = None) -> bytes:
        operation = f"{method} keys"
        try:
            answer = self._connections.request(
                method,
                url,
                headers={"Authorization": f"Bearer {key}", **(headers or {})},
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as failure:
            raise ProviderUnavailable(operation, type(failure).__name__) from failure
        if answer.status == 401:
            raise KeyRefused(operation, "the provider does not know the key")
        if method == "DELETE" and answer.status == 404:
            return b""
        if answer.status >= 300:
            raise ProviderUnavailable(operation, f"status {answer.status}")
        return answer.data


def _read(answer: bytes, document: type[AnswerT]) -> AnswerT:
    try:
        return strict_json.decode(answer, document)
    except msgspec.DecodeError as malformed:
        raise ProviderBroken("the answer is not in the contract") from malformed
