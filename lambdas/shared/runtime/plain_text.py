"""Text from outside as it may stand in a log, an attribute or a terminal."""

CUT = "…"
"""What stands at the end of a text that was too long."""


def plain(text: str, most: int | None = None) -> str:
    """The text on one line without anything that acts instead of being shown.

    Control characters, escape sequences, marks that change the direction of writing, and halves of
    surrogate pairs are written as Python writes them, such as ``\\x1b`` or ``\\u202e``. What is
    longer than ``most`` characters is cut, with a mark.
    """
    if most is not None and len(text) > most:
        text = text[: most - 1] + CUT
    if text.isprintable():
        return text
    shown = "".join(it if it.isprintable() else it.encode("unicode_escape").decode() for it in text)
    return shown if most is None or len(shown) <= most else shown[: most - 1] + CUT
