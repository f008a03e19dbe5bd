"""The files of contracts/openapi, one for each service that has an API with a document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from contracts.schemas import APIS
from tools.docgen.openapi.document import document
from tools.docgen.openapi.routes import routes
from tools.docgen.openapi.written import api, common, services
from tools.docgen.services import Service

FOLDER = APIS


def write(found: Iterable[Service], folder: Path = FOLDER) -> None:
    """Write each document; one whose description is gone goes. Raises NotWritten."""
    made = dict(texts(found))
    folder.mkdir(exist_ok=True)
    for file in folder.glob("*.json"):
        if file.name not in made:
            file.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, "utf-8")


def are_fresh(found: Iterable[Service], folder: Path = FOLDER) -> bool:
    """Whether they are what would be written. Raises NotWritten."""
    return dict(texts(found)) == {it.name: it.read_text("utf-8") for it in folder.glob("*.json")}


def texts(found: Iterable[Service]) -> Iterator[tuple[str, str]]:
    """Name and content of each document. Raises NotWritten."""
    shared = common()
    templates = {it.name: it.template for it in found}
    with_routes = {name for name, template in templates.items() if routes(template)}
    for service in sorted({*services()} | with_routes):
        made = document(service, templates[service], api(service), shared)
        yield f"{service}.json", json.dumps(made, indent=2, ensure_ascii=False) + "\n"
