"""`make parity`: writes docs/parity.md, from the templates and docs/parity.toml."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.base.target import ENVIRONMENTS
from tools.base.workspace import CHECKOUT
from tools.emulator import parity

DOCUMENT = CHECKOUT / "docs" / "parity.md"
NOTHING = "–"
OPENING = """\
# What works offline, and what stands in for the rest

The templates that are deployed offline are the ones that go to AWS. This is what the offline engine
({emulator}) does with each type of resource in them, and with each property that matters. It is
written by `make parity` from the templates and from [parity.toml](parity.toml).

- **works**: behaves as on AWS in all that the system rests on.
- **partial**: is there, and something is missing.
- **dropped**: the property is accepted, and not done.
- **absent**: the engine does not know the type. `make up` leaves it out, and says so.

A *guard* is a test that fails when the engine changes in that respect, so that nothing is worked
around for longer than it must be. All guards are in `tests/integration/test_parity_guards*.py`.
What is dropped is seen on the templates by the rule or test of `tests/infra` that is named.

Of {used} types in the templates {works} work, {partial} do in part, {absent} are absent.
"""

Ledger = Mapping[str, Any]
Uses = Mapping[str, Iterable[str]]
"""The services whose templates hold resources of a type, by type."""


def document(ledger: Ledger, uses: Uses) -> str:
    """The whole document. Raises KeyError for a type that the ledger does not name."""
    types = {name: ledger["types"][name] for name in sorted(uses)}
    counts = {
        offline: sum(entry["offline"] == offline for entry in types.values())
        for offline in ("works", "partial", "absent")
    }
    sections = [
        OPENING.format(emulator=ledger["emulator"], used=len(types), **counts),
        "## Types\n",
        _table(
            ("type", "used by", "offline", "missing", "instead", "guards"),
            (
                (
                    f"`{name}`",
                    ", ".join(sorted(uses[name])),
                    entry["offline"],
                    entry.get("missing", NOTHING),
                    entry.get("instead", NOTHING),
                    _guards(entry),
                )
                for name, entry in types.items()
            ),
        ),
        "## Properties that matter\n",
        _table(
            ("type", "property", "offline", "seen on the templates by", "guards"),
            (
                (
                    f"`{name}`",
                    f"`{path}`",
                    entry["offline"],
                    _code(entry.get("proved_by")),
                    _guards(entry),
                )
                for name, its in types.items()
                for path, entry in sorted(its.get("properties", {}).items())
            ),
        ),
        "## What no template asks for, because of how the engine is\n",
        _table(
            ("what", "missing", "instead", "guards"),
            ((it["what"], it["missing"], it["instead"], _guards(it)) for it in ledger["elsewhere"]),
        ),
    ]
    return "\n".join(sections)


def uses_of(templates: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, set[str]]:
    """Which services use each type; ``templates`` are by service."""
    uses: dict[str, set[str]] = {}
    for service, template in templates:
        for resource in template.get("Resources", {}).values():
            uses.setdefault(resource["Type"], set()).add(service)
    return uses


def main() -> int:
    """Write the document."""
    templates = [it for environment in ENVIRONMENTS for it in _synthesized(environment)]
    DOCUMENT.write_text(document(parity.ledger(), uses_of(templates)), "utf-8")
    sys.stdout.write(f"{DOCUMENT.relative_to(CHECKOUT)} is written.\n")
    return 0


def _synthesized(environment: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every template of an environment, by service, as it goes to the cloud."""
    os.environ["CDK_VALIDATION"] = "false"  # the rules have their own tests
    from aws_cdk import App

    from bundling.build import build as build_packages
    from stacks.stage import from_context
    from stacks.system import build

    build_packages("cloud", [])
    context = json.loads((CHECKOUT / "cdk.json").read_text("utf-8"))["context"]
    with tempfile.TemporaryDirectory() as directory:
        app = App(outdir=directory, context={**context, "environment": environment})
        stacks = build(app, from_context(app))
        app.synth()
        for service, stack in stacks.items():
            yield service, json.loads((Path(directory) / stack.template_file).read_text("utf-8"))


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(
        "| " + " | ".join(it.replace("|", "\\|") for it in row) + " |\n" for row in lines
    )


def _guards(entry: Mapping[str, Any]) -> str:
    if "unguarded" in entry:
        return f"none: {entry['unguarded']}"
    if entry.get("offline") == "absent":
        return _code("test_types_that_are_unknown_are_those_that_the_ledger_calls_absent")
    return ", ".join(map(_code, entry.get("guards", []))) or NOTHING


def _code(text: str | None) -> str:
    return f"`{text}`" if text else NOTHING


if __name__ == "__main__":
    sys.exit(main())
