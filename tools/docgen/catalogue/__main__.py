"""`make catalogue`: writes docs/catalogue.md and CODEOWNERS from templates and declarations."""

import os
import sys

from stacks.services import declared
from tools.base.assembly import service_of
from tools.base.templates import templates
from tools.base.workspace import CHECKOUT
from tools.docgen import codeowners
from tools.docgen.catalogue.document import document
from tools.docgen.catalogue.services import Service

DOCS = CHECKOUT / "docs"


def main() -> int:
    """Write both documents."""
    os.environ["CDK_VALIDATION"] = "false"  # the rules have their own tests
    services = [
        Service(service_of(stack, "dev"), template) for stack, template in templates("dev").items()
    ]
    page = document(services, (DOCS / "operations.md").read_text("utf-8"))
    (DOCS / "catalogue.md").write_text(page, "utf-8")
    owners = codeowners.document(declared(), CHECKOUT)
    (CHECKOUT / "CODEOWNERS").write_text(owners, "utf-8")
    sys.stdout.write("docs/catalogue.md and CODEOWNERS are written.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
