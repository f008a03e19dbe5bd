"""What the state machine has its functions do, as parts of the order's trace."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from fulfilment.domain.saga import MessageContext
from shared.messaging.traced import MACHINE, going_on


@contextmanager
def step(name: str, kind: int, journey: MessageContext) -> Iterator[MessageContext]:
    """A span within the trace that the execution's input names; gives the journey within it."""
    with going_on(
        journey.traceparent,
        name,
        kind,
        journey.correlation_id,
        {"messaging.system": MACHINE, "messaging.operation.name": name.partition(" ")[0]},
    ) as span:
        yield replace(journey, traceparent=span.context.traceparent)
