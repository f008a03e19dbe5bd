"""Texts that a caller gets and gives back: each says what it is, and whether anybody changed it.

There is nothing in one to forge: whoever makes one up reads what every operator may read. So the
check is no secret's; it finds what was cut, changed, or given out for something else.
"""

import base64
import binascii
import hashlib
import hmac
import re

LONGEST = 4096
"""Characters: gateways take an address of ten thousand bytes."""
_CHECK = 8
_TEXT = re.compile(r"[A-Za-z0-9_-]+")


class NotSealed(ValueError):
    """The text was not given out for this, or was changed since."""


def sealed(kind: str, content: bytes) -> str:
    """The content as a text of that kind, for an address."""
    return _text(_check(kind, content) + content)


def opened(kind: str, text: str) -> bytes:
    """The content of such a text.

    Raises:
        NotSealed: it is none of that kind, or not as it was given out.
    """
    if len(text) > LONGEST or not _TEXT.fullmatch(text):
        raise NotSealed
    try:
        whole = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except binascii.Error as malformed:
        raise NotSealed from malformed
    content = whole[_CHECK:]
    # Base64 has several texts for the same bytes: one of them counts.
    if not hmac.compare_digest(whole[:_CHECK], _check(kind, content)) or text != _text(whole):
        raise NotSealed
    return content


def _check(kind: str, content: bytes) -> bytes:
    return hashlib.sha256(f"{kind}\n".encode() + content).digest()[:_CHECK]


def _text(whole: bytes) -> str:
    return base64.urlsafe_b64encode(whole).rstrip(b"=").decode()
