"""Secrets Manager's rotation of the secret that price quotes are signed with."""

import secrets
from typing import Any

import msgspec

from orders_language.quotes import Quote, SigningKey, sign, verify
from shared.runtime import aws
from shared.runtime.rotation import rotate
from shared.runtime.secrets import Version
from shared.runtime.tracing.invocations import invocation

BYTES = 48
TRIAL = Quote("nobody", (), "EUR", "1970-01-01T00:00:00.000Z")


@invocation
def handler(event: dict[str, Any], _context: Any) -> None:
    """Take one of the four steps."""
    rotate(aws.client("secretsmanager"), event, NewSigningKey())


class NewSigningKey:
    """Implements ``shared.runtime.rotation.Kind``.

    Nobody has to be told: whoever verifies a quote finds the key of an unknown id by itself, and
    the version before goes on verifying until the next rotation.
    """

    def create(self, current: str, token: str) -> str:  # noqa: ARG002 - of nothing that is known
        """Random, and made of nothing that was there before."""
        return msgspec.json.encode(SigningKey(secrets.token_urlsafe(BYTES))).decode()

    def set(self, current: str, pending: str) -> None:
        """Refuse to put the same key in force again."""
        if _key(current) == _key(pending):
            raise ValueError("the new signing key is the old one")

    def test(self, pending: str) -> None:
        """Sign something and verify it."""
        key = Version("pending", _key(pending))
        if verify(sign(TRIAL, key), lambda _: key) != TRIAL:
            raise ValueError("the new signing key does not verify what it signs")


def _key(secret: str) -> SigningKey:
    return msgspec.json.decode(secret, type=SigningKey)
