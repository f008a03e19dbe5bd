"""What the quote function needs from outside."""

from collections.abc import Mapping
from typing import Any, Protocol


class PricingUnavailable(Exception):
    """Pricing did not answer, or not as its contract says; asking again may help."""


class Refused(Exception):
    """Pricing understood the request and says no.

    Attributes:
        problem: its problem document (RFC 9457), as it was sent.
    """

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("title", "refused")))
        self.problem = problem


class Pricing(Protocol):
    """Where quotes come from."""

    def quote(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask for a price; request and quote have the form of ``POST /v1/quotes``.

        Raises:
            Refused: with the reason.
            PricingUnavailable: nothing is known.
        """
