"""What is found and is no secret, each with its reason."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from tools.checks.secret_scan.detection import Suspicion
from tools.checks.secret_scan.errors import ScanError

FILE = Path(__file__).with_name("allowlist.toml")


@dataclass(frozen=True)
class Allowed:
    """One exception."""

    place: str
    kind: str
    value: str
    reason: str

    def fits(self, place: str, suspicion: Suspicion) -> bool:
        return (
            fnmatchcase(place, self.place)
            and suspicion.kind == self.kind
            and re.fullmatch(self.value, suspicion.value) is not None
        )


@dataclass
class Allowlist:
    """The exceptions, and which of them were needed."""

    entries: tuple[Allowed, ...]
    needed: set[Allowed] = field(default_factory=set)

    @classmethod
    def read(cls, file: Path = FILE) -> Allowlist:
        """Raises ScanError for an entry without a reason or with an unknown field."""
        try:
            entries = tuple(
                Allowed(**it) for it in tomllib.loads(file.read_text()).get("allowed", ())
            )
        except (TypeError, tomllib.TOMLDecodeError) as malformed:
            raise ScanError(f"{file.name}: {malformed}") from malformed
        for entry in entries:
            if not entry.reason.strip():
                raise ScanError(f"{file.name}: {entry.place} is allowed without a reason")
        return cls(entries)

    def allows(self, place: str, suspicion: Suspicion) -> bool:
        """Whether it is an exception; it counts as needed then."""
        fitting = [it for it in self.entries if it.fits(place, suspicion)]
        self.needed.update(fitting)
        return bool(fitting)

    def assert_all_needed(self) -> None:
        """Raises ScanError naming entries that fit nothing: they would hide what comes."""
        if idle := [it.place for it in self.entries if it not in self.needed]:
            raise ScanError(f"allowlist.toml: nothing to be allowed in {', '.join(idle)}")


def without(entries: Iterable[Allowed] = ()) -> Allowlist:
    """A list of these exceptions, or of none."""
    return Allowlist(tuple(entries))
