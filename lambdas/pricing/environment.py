"""The environment of the function that asks for quotes."""

import msgspec


class QuoteEnvironment(msgspec.Struct, frozen=True):
    """Where it asks."""

    pricing_host: str
    """Pricing's name in the service network."""
