"""Asks pricing for a quote on behalf of callers outside of its network."""

from functools import cache
from typing import Annotated, Any

import msgspec

from pricing.adapters.lattice import PricingThroughLattice
from pricing.environment import QuoteEnvironment
from pricing.ports import Pricing, PricingUnavailable, Refused
from shared.runtime import aws
from shared.runtime.environment import load
from shared.runtime.patterns import Currency
from shared.runtime.tracing.invocations import invocation

Sku = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,64}\Z")]
MOST_LINES = 50


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many of an article."""

    sku: Sku
    quantity: Annotated[int, msgspec.Meta(ge=1, le=1000)]


class AskForQuote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request: whose order it is to be, and what is in it."""

    customer_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    currency: Currency
    lines: Annotated[tuple[Line, ...], msgspec.Meta(min_length=1, max_length=MOST_LINES)]


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """``{outcome: "quoted", quote}``, ``{outcome: "refused", problem}``, or ``{outcome:
    "unavailable", reason}``: an answer in each case, so that callers need not read errors.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
    """
    return answer(_pricing(), event)


def answer(pricing: Pricing, event: dict[str, Any]) -> dict[str, Any]:
    """The same with whoever is asked."""
    asked = msgspec.convert(event, AskForQuote)
    try:
        return {"outcome": "quoted", "quote": pricing.quote(msgspec.to_builtins(asked))}
    except Refused as refused:
        return {"outcome": "refused", "problem": dict(refused.problem)}
    except PricingUnavailable as unavailable:
        return {"outcome": "unavailable", "reason": str(unavailable)}


@cache
def _pricing() -> Pricing:
    return PricingThroughLattice(load(QuoteEnvironment).pricing_host, aws.region())
