"""Secrets Manager's rotation of the token that the agent in pricing's tasks wants to see."""

import secrets
from typing import Any

import msgspec

from shared.runtime import aws
from shared.runtime.rotation import rotate
from shared.runtime.tracing.invocations import invocation

BYTES = 48


class TokenDocument(msgspec.Struct, frozen=True):
    """As Secrets Manager keeps it."""

    token: str


@invocation
def handler(event: dict[str, Any], _context: Any) -> None:
    """Take one of the four steps."""
    rotate(aws.client("secretsmanager"), event, NewToken())


class NewToken:
    """Implements ``shared.runtime.rotation.Kind``.

    Nobody has to be told: agent and server of a task have both got what was current when the task
    began, and tasks that begin later get the new one.
    """

    def create(self, current: str, token: str) -> str:  # noqa: ARG002 - of nothing that is known
        """Random, and made of nothing that was there before."""
        return msgspec.json.encode(TokenDocument(secrets.token_urlsafe(BYTES))).decode()

    def set(self, current: str, pending: str) -> None:
        """Refuse to put the same token in force again."""
        if _token(current) == _token(pending):
            raise ValueError("the new token is the old one")

    def test(self, pending: str) -> None:
        """It goes into a header as it is, and is too long to be guessed."""
        token = _token(pending)
        if len(token) < BYTES or not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError("the new token is too short, or not one for a header")


def _token(secret: str) -> str:
    return msgspec.json.decode(secret, type=TokenDocument).token
