"""Run in a copy of the checkout to which a service was added: what follows of it, and what breaks.

Prints a JSON object: ``broken`` are the rules that do not hold, ``pages`` what the tools write,
``templates`` digests by service.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

os.environ["CDK_VALIDATION"] = "false"  # read when aws_cdk is first imported

from bundling.workspace import unbuilt
from stacks.services import consumers, declared, views
from tests.infra import system as systems
from tests.infra.system import CHECKOUT, synthesized
from tests.infra.test_rules import RULES
from tools.docgen import codeowners, configuration_page, parity_document
from tools.docgen.catalogue import document as catalogue
from tools.docgen.openapi import files as openapi
from tools.docgen.services import Service
from tools.emulator import parity
from tools.generate.differences import scrubbed
from tools.operations.history import read_model
from tools.smoke.system import STACKS


def digest(template: Mapping[str, Any]) -> str:
    """Of a template without the digests of packages, however its keys are sorted."""
    return hashlib.sha256(json.dumps(scrubbed(template), sort_keys=True).encode()).hexdigest()


def main() -> None:
    """Look at the environment that is deployed offline."""
    systems.packages = unbuilt  # no rule looks into a package
    system = synthesized("dev")
    services = [Service(name, it.body) for name, it in system.templates.items()]
    operations = (CHECKOUT / "docs" / "operations.md").read_text("utf-8")
    uses = parity_document.uses_of((name, it.body) for name, it in system.templates.items())
    parity_document.document(parity.ledger(), uses)  # every type is in the ledger
    found = {
        "broken": [f"{rule.__name__}: {it}" for rule in RULES for it in rule(system)],
        "pages": {
            "catalogue": catalogue.document(services, operations),
            "codeowners": codeowners.document(declared(), CHECKOUT),
            "configuration": configuration_page.listed(services),
        },
        "apis": [name for name, _ in openapi.texts(services)],
        "consumers": [*consumers()],
        "views": [read_model(view).consumer for view in views()],
        "smoke": [*STACKS],
        "templates": {it: digest(of.body) for it, of in system.templates.items()},
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
