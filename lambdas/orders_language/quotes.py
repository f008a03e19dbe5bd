"""A price quote: signed by pricing, carried by the customer, verified by orders.

A quote is ``{key id}.{terms}.{signature}``: the key id is the version of the signing secret, the
terms are JSON in base64url, the signature is an HMAC-SHA256 over everything before it. It names the
customer and the lines that it was made for, so that it is worth nothing for others.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec

from shared.runtime import strict_json
from shared.runtime.product import product
from shared.runtime.secrets import Version

LONGEST = 8192
"""Characters; fifty lines take half of that."""


class SigningKey(msgspec.Struct, frozen=True):
    """What the signing secret holds."""

    key: Annotated[str, msgspec.Meta(min_length=32)]


class QuotedLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line with its price in minor units of the quote's currency."""

    sku: str
    quantity: int
    unit_price: Annotated[int, msgspec.Meta(ge=1)]


class Quote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was offered; ``expires_at`` is written as every message writes time (RFC 3339, UTC)."""

    customer_id: str
    lines: tuple[QuotedLine, ...]
    currency: str
    expires_at: str

    def is_for(self, customer_id: str, lines: Sequence[tuple[str, int]], currency: str) -> bool:
        """Whether it was made for this customer, these SKUs and quantities, and this currency."""
        return (
            self.customer_id == customer_id
            and self.currency == currency
            and [(line.sku, line.quantity) for line in self.lines] == list(lines)
        )


class ForgedQuote(Exception):
    """Not a quote of ours, or signed with a key that is no longer accepted."""


def sign(quote: Quote, key: Version[SigningKey]) -> str:
    """The quote as the customer gets it."""
    terms = base64.urlsafe_b64encode(msgspec.json.encode(quote)).decode().rstrip("=")
    signed = f"{key.id}.{terms}"
    return f"{signed}.{_signature(signed, key)}"


def verify(text: str, key_of: Callable[[str], Version[SigningKey] | None]) -> Quote:
    """What is offered by a quote of ours, expired or not; ``key_of`` finds a key by its id.

    Raises:
        ForgedQuote: it is not one.
    """
    signed, _, signature = text.rpartition(".")
    key_id, _, terms = signed.partition(".")
    if not text.isascii() or not signature or not terms or len(text) > LONGEST:
        raise ForgedQuote("it has not the form of a quote")
    key = key_of(key_id)
    if key is None:
        raise ForgedQuote("its key is unknown")
    if not hmac.compare_digest(signature, _signature(signed, key)):
        raise ForgedQuote("its signature is wrong")
    return strict_json.decode(base64.urlsafe_b64decode(terms + "=" * (-len(terms) % 4)), Quote)


def _signature(signed: str, key: Version[SigningKey]) -> str:
    # Whatever else the key may sign one day is no quote.
    content = f"{product()} quote 1\n{signed}".encode()
    return hmac.new(key.value.key.encode(), content, hashlib.sha256).hexdigest()
