"""How fast the machine is around each benchmark: targets in seconds hold at a nominal pace."""

import time

NOMINAL_SECONDS = 0.23
"""Ten million additions in Python take so long on the machine that targets are written for."""
ADDITIONS = 10_000_000


def seconds_of_additions() -> float:
    """What ten million additions take here and now; the better of two, since others run too."""
    return min(_once() for _ in range(2))


def pace(before: float, after: float) -> float:
    """The machine's speed beside the nominal one, from two measurements: 0.5 is half as fast."""
    return NOMINAL_SECONDS / ((before + after) / 2)


def _once() -> float:
    begun = time.perf_counter()
    total = 0
    for _ in range(ADDITIONS):
        total += 1  # noqa: SIM113 - the addition is what is measured
    return time.perf_counter() - begun
