"""What a rebuild notes in its scratch for others to read: counts, marks and sums, and no content.

Each is a small object of JSON under the generation's name.
"""

import msgspec

COUNTS = "counts.json"
CAUGHT_UP = "caught-up.json"
SUM = "sum.json"


class PlanCounts(msgspec.Struct, frozen=True):
    """Into how much the archive was divided: its ``objects`` with their stored ``bytes`` into
    tasks, and aggregates into partitions.
    """

    tasks: int
    partitions: int
    objects: int
    bytes: int


class CaughtUp(msgspec.Struct, frozen=True):
    """How many records of the log were applied so far, and whether up to its end."""

    caught_up: bool
    records: int


class Summed(msgspec.Struct, frozen=True):
    """A generation's items and the sum of their digests, as they were at a time."""

    items: int
    sum: str
    summed_at: str
