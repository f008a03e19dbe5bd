"""What changes in orders while it runs: settings and feature flags, with what they may mean."""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec

from orders.domain.terms import MAX_LINES, MOST_BASIS_POINTS, Terms, is_among
from shared.runtime.configuration import Profile, Violation, current

LONGEST_PAUSE = 24 * 3600


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits and pauses."""

    max_lines: Annotated[int, msgspec.Meta(ge=1, le=MAX_LINES)] = MAX_LINES
    """How many lines an order may have."""
    retry_after_seconds: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_PAUSE)] = 60
    """After how many seconds a caller may try again while no orders are accepted."""


class AcceptOrders(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether orders are accepted at all; one that was accepted keeps its answer."""

    enabled: bool = True
    """Off, POST /v1/orders answers 503 with Retry-After."""


class IntroductoryDiscount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A discount for a share of the customers, who stay in it while the share grows."""

    enabled: bool = False
    """Whether anybody gets it."""
    percent_of_customers: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    """The percentage of customers who get it."""
    basis_points: Annotated[int, msgspec.Meta(ge=0)] = 0
    """By how many hundredths of a percent each unit price is lowered."""


class Flags(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The feature flags."""

    accept_orders: AcceptOrders = AcceptOrders()
    """The switch for an emergency."""
    introductory_discount: IntroductoryDiscount = IntroductoryDiscount()
    """A discount, rolled out by customer."""


def _prices_keep_their_floor(flags: Flags) -> Iterable[Violation]:
    lowered_by = flags.introductory_discount.basis_points
    if lowered_by > MOST_BASIS_POINTS:
        yield Violation(
            "/introductory-discount/basis_points",
            f"no discount beyond {MOST_BASIS_POINTS} basis points, the floor of all prices",
            lowered_by,
        )


SETTINGS = Profile("settings", Settings)
FLAGS = Profile("flags", Flags, check=_prices_keep_their_floor)
PROFILES: tuple[Profile[Any], ...] = (SETTINGS, FLAGS)


def terms_for(customer_id: str) -> Terms:
    """The terms on which this customer may order now."""
    flags = current(FLAGS)
    discount = flags.introductory_discount
    has_discount = discount.enabled and is_among(
        customer_id, discount.percent_of_customers, "introductory-discount"
    )
    return Terms(
        accepts_orders=flags.accept_orders.enabled,
        max_lines=current(SETTINGS).max_lines,
        discount_basis_points=discount.basis_points if has_discount else 0,
    )
