"""One message that the bus carried, as operators see it: ids, types and words, never its data."""

from dataclasses import dataclass

OUTCOMES = ("done", "refused", "failed")
REASONS = frozenset(
    {
        "already-captured",
        "already-sold",
        "authorization-expired",
        "cancelled-before",
        "carrier-refused",
        "gave-up",
        "invalid-command",
        "no-quotes",
        "not-authorized",
        "order-cancelled",
        "order-confirmed",
        "order-not-found",
        "order-rejected",
        "out-of-stock",
        "payment-declined",
        "quote-expired",
        "released-before",
        "reservation-expired",
        "unknown-command",
        "unknown-destination",
        "unknown-sku",
        "unsupported-version",
        "voided-before",
    }
)
"""What a command is refused for: the contracts' words and those of every worker.

Any other reason may be a person's own words, and is not shown.
"""


@dataclass(frozen=True, slots=True)
class Activity:
    """``service`` said it; ``version`` is the order's, for its events.

    ``outcome`` and ``reason`` are those of a reply. ``recorded_at`` is when the console got it.
    """

    id: str
    type: str
    kind: str
    service: str
    order_id: str | None
    version: int | None
    occurred_at: str
    recorded_at: str
    correlation_id: str
    causation_id: str | None
    outcome: str | None
    reason: str | None


def kind_of(type: str, version: int | None) -> str:
    """An aggregate's own event, the answer to a command, or what a service tells everybody."""
    if version is not None:
        return "event"
    return "reply" if type == "CommandReplied" else "integration_event"


def shown_outcome(outcome: object) -> str | None:
    """How a command ended, if that is how one can end."""
    return outcome if isinstance(outcome, str) and outcome in OUTCOMES else None


def shown_reason(reason: object) -> str | None:
    """The reason, if it is a word that may be shown."""
    return reason if isinstance(reason, str) and reason in REASONS else None
