"""A product's name in a text, in its three forms: as it is, with a capital, in capitals."""

from __future__ import annotations

import re


class NotReversible(Exception):
    """A text would not be the same after the way there and back."""


def renamed(text: str, old: str, new: str) -> str:
    """The text with the new name instead of the old one.

    Raises:
        NotReversible: the new name would come to stand where the old one did not, or the old one
            stands there in a fourth form.
    """
    there = replaced(text, old, new)
    if old in there.lower() and old not in new:
        found = re.search(re.escape(old), there, re.IGNORECASE)
        raise NotReversible(f"it is written {found[0] if found else old}")
    if replaced(there, new, old) != text:
        raise NotReversible(f"{new} would come to stand beside other letters that spell it too")
    return there


def replaced(text: str, old: str, new: str) -> str:
    """The text in which the new name stands for the old one, in each of its forms."""
    for form in (str, str.capitalize, str.upper):
        text = text.replace(form(old), form(new))
    return text
