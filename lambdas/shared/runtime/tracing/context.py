"""W3C Trace Context: which trace something belongs to, and whether spans are kept of it.

Whether a trace is sampled is decided once, where it begins, from its id alone; everybody else reads
the flag that the context carries.
"""

import os
import re
import time
from typing import Annotated

import msgspec

from shared.runtime.environment import load

_TRACEPARENT = re.compile(
    r"00-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-[0-9a-f]([0-9a-f])", re.ASCII
)
LONGEST_TRACE = 24 * 3600
"""Seconds from a trace's beginning, which its id tells, to its last span."""
_RANDOM_BITS = 56
"""Of an id, those at its end: W3C counts on no others being random."""


class TracingEnvironment(msgspec.Struct, frozen=True):
    """``trace_share`` of all traces are sampled, from 0 to 1."""

    trace_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0


class TraceContext(msgspec.Struct, frozen=True, gc=False):
    """A span's place in its trace: ids in lower-case hexadecimal, of 32 and 16 digits."""

    trace_id: str
    span_id: str
    sampled: bool

    @property
    def traceparent(self) -> str:
        """As a header or a message carries it."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"


def parse(text: object) -> TraceContext | None:
    """Read a ``traceparent``; None for whatever is not exactly one of version 00.

    Free text, ids of zeros, capitals, and what is too long or too short are no context.
    """
    match = _TRACEPARENT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    trace_id, span_id, flags = match.groups()
    return TraceContext(trace_id, span_id, int(flags, 16) & 1 == 1)


def begin() -> TraceContext:
    """A new trace's first context.

    Its id begins with the time in seconds, as X-Ray's own ids do; the rest is random.
    """
    random = os.urandom(20).hex()  # one call into the kernel for both
    trace_id = f"{int(time.time()) & 0xFFFFFFFF:08x}{random[:24]}"
    return TraceContext(trace_id, _not_zero(random[24:]), is_sampled(trace_id))


def child_of(parent: TraceContext) -> TraceContext:
    """The context of one more span in the same trace; one that is not sampled needs no new id."""
    if not parent.sampled:
        return parent
    return TraceContext(parent.trace_id, new_span_id(), True)


def is_sampled(trace_id: str) -> bool:
    """Whether a trace belongs to the share that is sampled: the same wherever it is asked."""
    share = load(TracingEnvironment).trace_share
    return int(trace_id[-_RANDOM_BITS // 4 :], 16) < share * (1 << _RANDOM_BITS)


def is_old(context: TraceContext) -> bool:
    """Whether a trace began too long ago, or at no time that can be true."""
    began = int(context.trace_id[:8], 16)
    return not -LONGEST_TRACE <= time.time() - began <= LONGEST_TRACE


def new_span_id() -> str:
    """Random, and never the zeros that mean none."""
    return _not_zero(os.urandom(8).hex())


def _not_zero(span_id: str) -> str:
    return span_id if span_id != "0" * 16 else "0" * 15 + "1"


def new_traceparent() -> str:
    """A trace context that starts here."""
    return begin().traceparent
