"""Seconds that pass when a test says so."""


class Clock:
    """Stands where ``time.monotonic`` does."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
