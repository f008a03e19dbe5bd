"""`python -m tools.generator`: make a service, or remove one; without --confirm only say what."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from stacks.services import Service, declared
from tools.base.errors import OfflineError
from tools.base.interruption import Interrupted, interruptible
from tools.base.target import OFFLINE
from tools.base.terminal import Terminal, show_errors_plainly
from tools.base.workspace import CHECKOUT
from tools.emulator.deploy import delete
from tools.generator import generate, names, neighbours, removal
from tools.generator.errors import GeneratorError
from tools.generator.names import Names
from tools.generator.pages import Pages
from tools.generator.up import what_is_up

OWNER = "platform"
"""Who owns a service of which nobody says it; CODEOWNERS has that team for the rest too."""
SHOWN = 10
"""Lines below a refusal; the rest is counted."""


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
        for line in error.evidence[:SHOWN]:
            complaint.print(f"  {line}")
        if len(error.evidence) > SHOWN:
            complaint.print(f"  and {len(error.evidence) - SHOWN} more")
        return 1
    except Interrupted as interruption:
        return interruption.status
    return 0


def _make(options: argparse.Namespace, checkout: Path, console: Console) -> None:
    named = names.parse(options.name, generate.TEMPLATES, generate.taken(checkout))
    owner = names.owner_of(options.owner or OWNER)
    removal.check_name_is_free(named.name, checkout)
    files = generate.render(named, options.kind, owner, checkout)
    generate.check_nothing_is_in_the_way(files, checkout)
    for path, content in files.items():
        console.print(f"  {content.count(chr(10)):4} lines  {path}")
    console.print(f"\nowner: {owner}" + ("" if options.owner else " (OWNER= names another team)"))
    if not options.confirm:
        console.print(
            "\nNothing was written. CONFIRM=yes writes these files and the generated pages."
        )
        return
    with what_is_up() as up:
        _write(named, files, checkout, console)
        console.print(f"\n{named.name} is written. Begin with lambdas/{named.package}/README.md")
        console.print(
            f"Its tests: .venv/bin/pytest tests/unit/{named.package} "
            f"tests/integration/test_{named.package}.py"
        )
        if up:
            up.deploy(console)
        else:
            console.print("`make up` deploys it beside the others.")


def _write(named: Names, files: Mapping[Path, str], checkout: Path, console: Console) -> None:
    """The service and what follows of it, or neither."""
    before = Pages.of(checkout)
    generate.write(files, checkout)
    try:
        declared.cache_clear()
        made = next(it for it in declared(checkout / "stacks") if it.name == named.name)
        _write_what_follows(made, checkout, console)
    except BaseException:
        generate.take_back([checkout / path for path in files], checkout)
        before.restore()
        console.print(f"{named.name} is removed again: all files are as before.", style="yellow")
        raise


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
    with what_is_up() as up:
        removal.carry_out(going)
        declared.cache_clear()
        _write_what_follows(going.service, checkout, console)
        if up:
            delete(going.service.stack_name(OFFLINE), up.emulator.cloud)
            up.deploy(console)
    stack = going.service.stack_name("{environment}")
    console.print(
        f"\n{going.service.name} is gone from here. What was deployed to an account stays: "
        f"delete {stack} there. Tables and keys of prod are kept even then."
    )


def _write_what_follows(service: Service, checkout: Path, console: Console) -> None:
    """Contracts, snapshots, owners and pages: what `make generate` writes."""
    services = sorted(neighbours.with_templates_that_name(service))
    console.print(
        f"\nwriting the generated pages; synthesized for them: {', '.join(services)}", style="dim"
    )
    command = [sys.executable, "-u", "-m", "tools.generate", "--services", *services]
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            command, cwd=checkout, stdout=subprocess.PIPE, stderr=complaints, text=True
        ) as running,
    ):
        assert running.stdout is not None
        for line in running.stdout:
            console.print(line.rstrip("\n"), style="dim")
        if running.wait():
            complaints.seek(0)
            last = complaints.read().splitlines()[-SHOWN:]
            raise GeneratorError("`make generate` could not write every page", tuple(last))


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
