"""`python -m tools.generator`: make a service, or remove one; without --confirm only say what."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

from stacks.services import declared
from tools.base.errors import OfflineError
from tools.base.interruption import Interrupted, interruptible
from tools.base.terminal import Terminal, show_errors_plainly
from tools.base.workspace import CHECKOUT
from tools.generator import generate, names, removal
from tools.generator.pages import Pages

OWNER = "platform"
"""Who owns a service of which nobody says it; CODEOWNERS has that team for the rest too."""
FOLLOWS = (
    ("owners and catalogue", ("tools.docgen.catalogue",)),
    ("list of configuration", ("tools.docgen.configuration_page",)),
    ("what runs offline", ("tools.docgen.parity_document",)),
    ("snapshots", ("pytest", "-q", "tests/infra/test_snapshots.py", "--snapshot-update")),
)
"""What is written anew when a service has come or gone."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status."""
    options = _parser().parse_args(arguments)
    console = Terminal(soft_wrap=True)
    try:
        with interruptible(), generate.alone(CHECKOUT):
            if options.command == "make":
                _make(options, CHECKOUT, console)
            else:
                _remove(options, CHECKOUT, console)
    except OfflineError as error:
        complaint = Terminal(stderr=True, soft_wrap=True)
        complaint.print(f"error: {error}", style="bold red")
        for line in error.evidence[:20]:
            complaint.print(f"  {line}")
        if len(error.evidence) > 20:
            complaint.print(f"  and {len(error.evidence) - 20} more")
        return 1
    except Interrupted as interruption:
        return interruption.status
    return 0


def _make(options: argparse.Namespace, checkout: Path, console: Console) -> None:
    named = names.parse(options.name, generate.TEMPLATES, generate.taken(checkout))
    files = generate.render(named, options.kind, options.owner or OWNER, checkout)
    generate.check_nothing_is_in_the_way(files, checkout)
    for path, content in files.items():
        console.print(f"  {content.count(chr(10)):4} lines  {path}")
    if not options.confirm:
        console.print(
            "\nNothing was written. CONFIRM=yes writes these files, and what follows of them."
        )
        return
    before = Pages.of(checkout)
    generate.write(files, checkout)
    try:
        _write_what_follows(checkout, console)
    except BaseException:
        generate.take_back([checkout / path for path in files])
        before.restore()
        console.print(f"{named.name} is taken back: all is as it was.", style="yellow")
        raise
    console.print(
        f"\n{named.name} is there. What to change first: lambdas/{named.package}/README.md"
    )


def _remove(options: argparse.Namespace, checkout: Path, console: Console) -> None:
    going = removal.plan(options.name, checkout)
    for file in removal.files_of(going):
        console.print(f"  {file.relative_to(checkout)}")
    if going.unsaved:
        console.print(
            f"\n{len(going.unsaved)} of these are not in git as they are: they are lost then.",
            style="yellow",
        )
    if not options.confirm:
        console.print("\nNothing was removed. CONFIRM=yes removes these files.")
        return
    removal.carry_out(going)
    declared.cache_clear()
    _write_what_follows(checkout, console)
    stack = going.service.stack_name("{environment}")
    console.print(
        f"\n{going.service.name} is gone from here. What was deployed to an account stays: "
        f"delete {stack} there. Tables and keys of prod are kept even then."
    )


def _write_what_follows(checkout: Path, console: Console) -> None:
    for what, program in FOLLOWS:
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", *program],
            cwd=checkout,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = (done.stdout + done.stderr).strip().splitlines()[-12:]
            raise OfflineError(f"{what}: could not be written", tuple(said))
        console.print(f"{what:<24}{time.monotonic() - begun:5.1f} s", style="dim")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.generator", description=__doc__)
    kinds = parser.add_subparsers(dest="command", required=True)
    for name, what in (("make", "make a service"), ("remove", "remove a service")):
        command = kinds.add_parser(name, help=what)
        command.add_argument("--name", required=True, help="such as returns or gift-cards")
        command.add_argument("--confirm", action="store_true", help="do it")
        if name == "make":
            command.add_argument("--kind", required=True, help=", ".join(generate.kinds()))
            command.add_argument("--owner", help=f"the team that answers for it (default: {OWNER})")
    return parser


if __name__ == "__main__":
    show_errors_plainly()
    sys.exit(main())
