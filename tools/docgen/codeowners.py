"""Writes CODEOWNERS: who is asked to review what, as the services' declarations say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from contracts.product import PRODUCT
from stacks.services import OWN, Service

TEAM = f"@{PRODUCT}/{{}}"
EVERYBODY_ELSE = "platform"
"""Who owns what is no service's."""
OPENING = f"""\
# Who is asked to review what: `make catalogue` writes this from the services' declarations, each
# beside its stack. The last line that fits decides, so that the first one is for all the rest.

* {TEAM.format(EVERYBODY_ELSE)}
"""


def document(services: Iterable[Service], checkout: Path) -> str:
    """The whole file."""
    return "\n".join([OPENING, *(_section(it, checkout) for it in services)])


def _section(service: Service, checkout: Path) -> str:
    team = TEAM.format(service.owner)
    return "".join(f"/{pattern} {team}\n" for pattern in _patterns(service, checkout))


def _patterns(service: Service, checkout: Path) -> Iterator[str]:
    """Those that fit some file of the checkout."""
    for rule in OWN:
        pattern = rule.format(name=service.name, package=service.package)
        if any(checkout.glob(pattern)):
            yield pattern
    yield from service.also_owns
