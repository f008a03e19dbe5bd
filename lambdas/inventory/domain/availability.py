"""How much of an article is on the shelf, in words that others may know."""

from enum import StrEnum

PLENTY_FROM = 20
"""Pieces: as many are not bought within the time that an answer is old."""


class Availability(StrEnum):
    """No numbers: whoever asks often enough would know what is sold."""

    PLENTY = "plenty"
    FEW = "few"
    NONE = "none"

    @classmethod
    def of(cls, pieces: int) -> "Availability":
        """Of so many pieces that nobody has reserved."""
        if pieces <= 0:
            return cls.NONE
        return cls.PLENTY if pieces >= PLENTY_FROM else cls.FEW
