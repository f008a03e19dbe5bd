"""The two files of the catalogue: docs/catalogue.md and CODEOWNERS."""

from __future__ import annotations

from collections.abc import Iterable

from stacks.services import declared
from tools.base.workspace import CHECKOUT
from tools.docgen import codeowners
from tools.docgen.catalogue.document import document
from tools.docgen.services import Service

PAGE = CHECKOUT / "docs" / "catalogue.md"
OPERATIONS = CHECKOUT / "docs" / "operations.md"
CODEOWNERS = CHECKOUT / "CODEOWNERS"


def page(services: Iterable[Service]) -> str:
    """What docs/catalogue.md should hold."""
    return document(list(services), OPERATIONS.read_text("utf-8"))


def owners() -> str:
    """What CODEOWNERS should hold; the declarations alone say it."""
    return codeowners.document(declared(), CHECKOUT)


def write(services: Iterable[Service]) -> None:
    """Write both."""
    PAGE.write_text(page(services), "utf-8")
    CODEOWNERS.write_text(owners(), "utf-8")
