"""Types of arguments of commands: each refuses what it cannot take with a sentence."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A type for argparse: a whole number in decimal digits, both ends included."""

    def checked(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"a whole number from {least} to {most}, not {text!r}")
        return int(text)

    return checked


def positive(text: str) -> float:
    """A finite number above 0, such as a rate or a duration in seconds."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"a number greater than 0, not {text!r}")
    return value
