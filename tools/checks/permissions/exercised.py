"""What roles were seen using of what they may do: ``exercised.toml``, for a page."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from contracts.product import PRODUCT
from tools.checks.permissions.compare import Grant
from tools.checks.permissions.reasons import HERE

FILE = Path(__file__).with_name("exercised.toml")
HEAD = """\
# What the tests of the deployed system used of the permissions of dev, or used of permissions alike
# (unexercised.toml). `make test-enforced` records it anew; docs/permissions.md shows it.

"""


def read(file: Path = FILE) -> tuple[date, set[Grant]]:
    """When it was recorded, and what."""
    told = tomllib.loads(file.read_text("utf-8").replace(HERE, PRODUCT))
    return told["recorded"], {
        Grant(role, action, resource)
        for role, actions in told["roles"].items()
        for action, resources in actions.items()
        for resource in resources
    }


def keep(grants: Iterable[Grant], day: date, file: Path) -> None:
    """Write them; a file that says the same stays as it is, with its day."""
    grants = set(grants)
    if not file.exists() or read(file)[1] != grants:
        file.write_text(text(grants, day), "utf-8")


def text(grants: Iterable[Grant], day: date) -> str:
    """The file's, in an order of its own."""
    by_role: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for it in sorted(grants):
        by_role[it.role][it.action].append(it.resource)
    lines = [f"recorded = {day.isoformat()}\n"]
    for role, actions in by_role.items():
        lines.append(f'\n[roles."{role}"]\n')
        for action, resources in actions.items():
            listed = ", ".join(f'"{it}"' for it in resources)
            lines.append(f'"{action}" = [{listed}]\n')
    return HEAD + "".join(lines).replace(PRODUCT, HERE)
