"""`make parity`: writes docs/parity.md, from the templates and docs/parity.toml."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tools.base.assembly import service_of
from tools.base.target import ENVIRONMENTS
from tools.base.templates import EVERYTHING, templates
from tools.base.workspace import CHECKOUT
from tools.emulator import parity

DOCUMENT = CHECKOUT / "docs" / "parity.md"
NOTHING = "–"
OPENING = """\
# What works offline, and what replaces the rest

The same templates are deployed offline and on AWS. This page says what the offline engine
({emulator}) does with each type of resource in them, and with each property that matters.
`make parity` writes it from the templates and from [parity.toml](parity.toml).

- **works**: behaves as on AWS in everything that the system needs.
- **partial**: exists, but something is missing.
- **dropped**: the engine accepts the property and ignores it.
- **absent**: the engine does not know the type. `make up` leaves it out, and says so.

A *guard* is a test that fails when the engine changes in that respect, so that no workaround stays
for longer than it is needed. All guards are in `tests/integration/test_parity_guards*.py`.
For each dropped property, the page names the rule or test of `tests/infra` that checks it on the
templates.

Of {used} types in the templates {works} work, {partial} work in part, {absent} are absent.
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
            ("type", "property", "offline", "checked on the templates by", "guards"),
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
        "## What the system does without, because the engine lacks it\n",
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
    os.environ["CDK_VALIDATION"] = "false"  # the rules have their own tests
    write(by_service({it: templates(it, EVERYTHING) for it in ENVIRONMENTS}))
    sys.stdout.write(f"{DOCUMENT.relative_to(CHECKOUT)} is written.\n")
    return 0


def by_service(
    environments: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every environment's templates, by service instead of by the stack's name."""
    for environment, its in environments.items():
        for stack, template in its.items():
            yield service_of(stack, environment), template


def write(found: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Write the document from every environment's templates."""
    DOCUMENT.write_text(document(parity.ledger(), uses_of(found)), "utf-8")


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
