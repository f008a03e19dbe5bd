"""`make affected [BASE=main] [FORMAT=json]`: the services and tests that a difference touches.

`python -m tools.affected shares` says which part of the suite's time a change in each service
selects.

Everything counts that is not in the base: what is committed since, staged, only saved, and not
tracked. The base is where the checkout left `main`, unless the caller names another.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence

from stacks.services import NotDeclared, declared
from tools.affected.selection import Selection, select
from tools.affected.shares import AIM, MOST, shares
from tools.base.errors import OfflineError
from tools.base.workspace import CHECKOUT

TEXT, JSON, GITHUB = FORMATS = ("text", "json", "github")
"""For people; for programs; the services that can be deployed, as an output of a job's step."""
BY_TWO = ("-m", "not nightly", "--numprocesses", "2", "--dist", "loadfile")
ALL_GOOD = (0, 5)
"""Statuses of pytest: all passed; none was there to run, since all are nightly."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 1 if git cannot tell the difference, else that of the tests."""
    parser = argparse.ArgumentParser(prog="python -m tools.affected", description=__doc__)
    parser.add_argument("command", nargs="?", choices=("show", "test", "shares"), default="show")
    parser.add_argument("--base", help="a branch, tag or commit; else main")
    parser.add_argument("--format", default=TEXT)
    options = parser.parse_args(arguments)
    try:
        if options.format not in FORMATS:
            raise OfflineError(f"FORMAT is one of {', '.join(FORMATS)}, not {options.format!r}")
        if options.command == "shares":
            return _shares()
        selection = select(options.base, CHECKOUT)
    except (OfflineError, NotDeclared) as error:
        lines = (str(error), *getattr(error, "evidence", ()))
        print("affected: " + "\n  ".join(lines), file=sys.stderr)
        return 1
    if options.command == "test":
        return _test(selection)
    _show(selection, options.format)
    return 0


def _show(selection: Selection, form: str) -> None:
    if form == JSON:
        found = {"services": selection.services, "tests": sorted(selection.tests)}
        print(json.dumps(found, indent=2))
        return
    if form == GITHUB:
        apart = {it.name for it in declared() if it.of_every_environment}
        print(f"services={json.dumps([it for it in selection.services if it not in apart])}")
        return
    from tools.base.terminal import say  # a file's name may hold what would act on a terminal

    say(f"{len(selection.changes.paths)} changed files since {selection.changes.base[:12]}")
    say(f"{len(selection.services)} services" + (":" if selection.services else ""))
    for name, reason in selection.services.items():
        say(f"  {name:16} {reason}")
    say(f"{len(selection.tests)} files of tests" + (":" if selection.tests else ""))
    for test, reason in sorted(selection.tests.items()):
        say(f"  {test}\n      {reason}")


def _shares() -> int:
    found, seconds, untimed = shares(CHECKOUT)
    print(
        f"Of {seconds:,.0f} seconds of tests, at most {MOST:.0%} should be selected, {AIM:.0%} is"
    )
    print("the aim: by half of a service's files at most, by its worst file, by all of them.\n")
    print("| service | files | half of them at most | the worst | all at once | weigh most |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    for it in found:
        figures = " | ".join(f"{part:.1%}" for part in (it.usual, it.most, it.everything))
        longest = ", ".join(f"{path.rpartition('/')[2]} {part:.1%}" for path, part in it.longest)
        print(f"| {it.service} | {it.files} | {figures} | {longest} |")
    if untimed:
        print(f"\nWithout a time, so left out: {len(untimed)} files, such as {untimed[0]}.")
    return 0


def _test(selection: Selection) -> int:
    if not selection.tests:
        print("No test is affected.")
        return 0
    command = [sys.executable, "-m", "pytest", *selection.tests, *BY_TWO]
    status = subprocess.run(command, cwd=CHECKOUT, check=False).returncode
    return 0 if status in ALL_GOOD else status


if __name__ == "__main__":
    sys.exit(main())
