"""The operator's terminal: what others wrote is shown there, and never acts.

Ids, reasons, keys and error messages may come from anybody. A terminal would obey escape sequences
in them, and rich would read brackets as markup.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable
from types import TracebackType
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text


class Terminal(Console):
    """A rich console without markup, which writes out whatever would act instead of being shown."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"markup": False, "emoji": False, "highlight": False, **options})

    def render_str(self, text: str, **options: Any) -> Text:
        """Written out before it is laid out, so that columns stay columns."""
        return super().render_str(shown(text), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """As rich does; its own control codes are segments of another kind, and stay."""
        for segment in super().render(renderable, options):
            if segment.control or _is_plain(segment.text):
                yield segment
            else:
                yield Segment(shown(segment.text), segment.style)


def shown(text: str) -> str:
    """The text, its lines as they are, with everything that would act written out."""
    if _is_plain(text):
        return text
    return "".join(
        it if it == "\n" or it.isprintable() else it.encode("unicode_escape").decode()
        for it in text
    )


def say(text: str = "", *, file: TextIO | None = None, end: str = "\n") -> None:
    """Write a line without a console."""
    stream = file or sys.stdout
    stream.write(shown(text) + end)
    stream.flush()


def show_errors_plainly() -> None:
    """Have the stack trace of an error that nobody expected pass the same way."""
    sys.excepthook = _show_error


def _show_error(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    say("".join(traceback.format_exception(kind, error, trace)), file=sys.stderr, end="")


def _is_plain(text: str) -> bool:
    return text.isprintable() or text.replace("\n", "").isprintable()
