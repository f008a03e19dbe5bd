"""`make release-contracts`: keeps today's event schemas as those of the release, if it may."""

import argparse
import shutil
import sys
from pathlib import Path

from contracts.schemas import CURRENT, RELEASED, schemas_in
from tools.checks.contracts.compatibility import breaking_changes


def release(current: Path = CURRENT, released: Path = RELEASED) -> list[str]:
    """Copy the schemas, unless that would break somebody; returns the breaking changes."""
    changes = breaking_changes(schemas_in(released), schemas_in(current))
    if not changes:
        released.mkdir(exist_ok=True)
        for path in current.glob("*.schema.json"):
            shutil.copyfile(path, released / path.name)
    return changes


def main() -> int:
    """0, or 1 with one line for each breaking change."""
    argparse.ArgumentParser(
        prog="python -m tools.checks.contracts.release", description=__doc__
    ).parse_args()
    changes = release()
    for change in changes:
        sys.stderr.write(f"{change}\n")
    if changes:
        sys.stderr.write("Nothing was released: give each changed schema a new version.\n")
        return 1
    sys.stdout.write(f"{len(schemas_in(RELEASED))} event schemas are released.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
