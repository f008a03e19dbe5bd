"""`python -m tools.checks.permissions FOLDER`: recorded calls beside what roles may do."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from tools.checks.permissions import exercised, record
from tools.checks.permissions.compare import Compared, compare
from tools.checks.permissions.reasons import FILE, known


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status: 1 if a permission is unused or was missing, without a reason."""
    parser = argparse.ArgumentParser(prog="python -m tools.checks.permissions", description=__doc__)
    parser.add_argument("folder", type=Path, help="where tests kept what they recorded")
    parser.add_argument(
        "--keep", type=Path, metavar="FILE", help="write what was exercised, if all is well"
    )
    options = parser.parse_args(arguments)
    folder: Path = options.folder
    files = sorted(folder.glob("*.json"))
    if not files:
        print(f"permissions: nothing is recorded in {folder}", file=sys.stderr)
        return 1
    found = compare(map(record.read, files), known())
    for line in told(found):
        print(line)
    if found.holds and options.keep:
        exercised.keep(found.exercised, datetime.now(UTC).date(), options.keep)
    return 0 if found.holds else 1


def told(found: Compared) -> list[str]:
    """A line for each finding, and one that counts."""
    return [
        *(f"unused: {it.role} may {it.action} on {it.resource}" for it in found.unused),
        *(f"refused: {it.role} wanted {it.action} on {it.resource}" for it in found.refused),
        *(f"about nothing in {FILE.name}: {it}" for it in found.stale),
        *(
            f"exercised: {it.role} may {it.action} on {it.resource}, against {FILE.name}: {reason}"
            for it, reason in found.contradicted
        ),
        f"{len(found.exercised)} permissions were exercised, {len(found.explained)} are explained, "
        f"{len(found.unused)} are unused, {len(found.refused)} calls were refused",
    ]


if __name__ == "__main__":
    sys.exit(main())
