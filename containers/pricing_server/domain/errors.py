"""Why pricing refuses.

PricingError
 ├─ Invalid            the request is wrong; names each field
 └─ CannotSign         there is no key at present
"""

from dataclasses import dataclass


class PricingError(Exception):
    """Any refusal of pricing."""


@dataclass(frozen=True, slots=True)
class WrongField:
    """One thing wrong with a request: a path as the proto names it, and the rule."""

    field: str
    rule: str


@dataclass
class Invalid(PricingError):
    """What was asked for cannot be priced; ``fields`` has at least one."""

    fields: tuple[WrongField, ...]


class CannotSign(PricingError):
    """Nothing can be signed at present; the caller may come again."""
