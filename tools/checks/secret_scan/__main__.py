"""`make secret-scan`: exit status 1 if there is a credential where none belongs."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tools.base.errors import in_words
from tools.checks.secret_scan.allowlist import Allowlist
from tools.checks.secret_scan.errors import ScanError
from tools.checks.secret_scan.scan import code, made_here, scan, under


def main(arguments: list[str] | None = None) -> int:
    """Scan; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.checks.secret_scan", description=__doc__)
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        help="files or folders, such as an image that was saved as tar; without any: the code, and "
        "the templates, packages and logs that were made here",
    )
    parser.add_argument(
        "--paths",
        dest="joined",
        type=_split,
        default=[],
        metavar=f"PATH{os.pathsep}PATH",
        help="the same, in one argument",
    )
    options = parser.parse_args(arguments)
    try:
        return _scan(options.paths + options.joined)
    except (ScanError, OSError) as error:
        print(f"error: {in_words(error)}", file=sys.stderr)
        return 2


def _split(text: str) -> list[Path]:
    return [Path(path) for path in text.split(os.pathsep) if path]


def _scan(paths: list[Path]) -> int:
    allowlist = Allowlist.read()
    files = [file for path in paths for file in under(path)] or [*code(), *made_here()]
    findings = scan(files, allowlist)
    for finding in findings:
        print(finding)
    if not paths:
        allowlist.assert_all_needed()
    print(f"{len(files)} files, {len(findings)} findings", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
