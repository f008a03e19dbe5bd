"""`make rename NAME=...`: shows what would change; with --confirm, writes it."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.base.errors import OfflineError
from tools.base.interruption import Interrupted, interruptible
from tools.base.terminal import show_errors_plainly
from tools.base.workspace import CHECKOUT
from tools.rename import names
from tools.rename.plan import CannotRename, plan, tracked_texts

BACK = "`git restore .` brings back all that was here"
DRAFTS = ".cache/rename"
SNAPSHOTS = ("-m", "pytest", "-q", "tests/infra/test_snapshots.py", "--snapshot-update")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 1 if nothing was written, or not all."""
    parser = argparse.ArgumentParser(prog="python -m tools.rename", description=__doc__)
    parser.add_argument("--name", required=True, help="small letters and digits")
    parser.add_argument("--confirm", action="store_true", help="write it")
    options = parser.parse_args(arguments)
    try:
        with interruptible():
            _rename(options.name, CHECKOUT, confirm=options.confirm)
    except OfflineError as error:
        print(f"rename: {error}", *error.evidence, sep="\n  ", file=sys.stderr)
        return 1
    except Interrupted as interruption:
        return interruption.status
    return 0


def _rename(new: str, checkout: Path, *, confirm: bool) -> None:
    old = names.current(checkout)
    texts = tracked_texts(checkout)
    names.check(new, old, texts)
    planned = plan(texts, old, new)
    _show(texts, planned.changes, old, new)
    if planned.needs_synthesis:
        print(f"The snapshots need a synthesis, which takes longer: {planned.needs_synthesis}.")
    if not confirm:
        print("Nothing was written: CONFIRM=yes does it.")
        return
    try:
        write(checkout, planned.changes)
        if planned.needs_synthesis:
            _write_snapshots(checkout)
    except BaseException as error:
        print(f"\nrename: not finished. {BACK}.", file=sys.stderr)
        if isinstance(error, OSError):
            raise CannotRename(f"a file could not be written: {error}") from error
        raise
    print(
        f"The product is called {new}. Until you commit it, {BACK}. What runs or is deployed under "
        f"the old name stays as it is: `make down`, or `make destroy`, of the commit before.\n"
        "Next: `make check`, then commit."
    )


def write(checkout: Path, changes: Mapping[str, str]) -> None:
    """Each file at once, so that none is ever half written.

    What an end without warning leaves is in a folder that git does not look at.
    """
    drafts = checkout / DRAFTS
    shutil.rmtree(drafts, ignore_errors=True)
    drafts.mkdir(parents=True)
    try:
        for number, (path, text) in enumerate(changes.items()):
            draft, file = drafts / str(number), checkout / path
            with draft.open("w", encoding="utf-8", newline="") as opened:
                opened.write(text)
            draft.chmod(file.stat().st_mode)
        for number, path in enumerate(changes):
            (drafts / str(number)).replace(checkout / path)
    finally:
        shutil.rmtree(drafts, ignore_errors=True)


def _show(texts: Mapping[str, str], changes: Mapping[str, str], old: str, new: str) -> None:
    by_folder: dict[str, list[int]] = {}
    for path in changes:
        folder = path.partition("/")[0] if "/" in path else "."
        by_folder.setdefault(folder, []).append(texts[path].lower().count(old))
    print(f"{old} becomes {new}")
    for folder, counts in sorted(by_folder.items()):
        print(f"  {sum(counts):5} times in {len(counts):3} files of {folder}")


def _write_snapshots(checkout: Path) -> None:
    """By a synthesis of every environment."""
    done = subprocess.run(
        [sys.executable, *SNAPSHOTS],
        cwd=checkout,
        env={**os.environ, "CDK_VALIDATION": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotRename(
            "the templates cannot be synthesized under the new name",
            tuple(done.stdout.splitlines()[-20:]),
        )


if __name__ == "__main__":
    show_errors_plainly()
    sys.exit(main())
