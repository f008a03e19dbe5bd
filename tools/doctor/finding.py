"""What was found about one thing: whether it is well, and what to do if it is not."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARN, FAIL = "ok", "warn", "fail"
GIGABYTE = 1_000_000_000


@dataclass(frozen=True)
class Finding:
    """One line of what the doctor says.

    Attributes:
        level: ``fail`` if it stops `make run`, ``warn`` if it costs time or a single command.
        what: what was found.
        advice: what to do about it; nothing if all is well.
    """

    about: str
    level: str
    what: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{self.level:<5} {self.about:<18} {self.what}"
        return f"{line}\n{'':25}{self.advice}" if self.advice else line


def ok(about: str, what: str) -> Finding:
    return Finding(about, OK, what)


def warn(about: str, what: str, advice: str) -> Finding:
    return Finding(about, WARN, what, advice)


def fail(about: str, what: str, advice: str) -> Finding:
    return Finding(about, FAIL, what, advice)


def gigabytes(size: float) -> str:
    return f"{size / GIGABYTE:.1f} GB"
