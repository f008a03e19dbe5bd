"""`make catalogue`: writes docs/catalogue.md from the templates and the schemas."""

import os
import sys
from pathlib import Path

from tools.base.assembly import service_of
from tools.base.templates import templates
from tools.docgen.catalogue.document import document
from tools.docgen.catalogue.services import Service

DOCS = Path(__file__).parents[3] / "docs"


def main() -> int:
    """Write the document."""
    os.environ["CDK_VALIDATION"] = "false"  # the rules have their own tests
    services = [
        Service(service_of(stack, "dev"), template) for stack, template in templates("dev").items()
    ]
    page = document(services, (DOCS / "operations.md").read_text("utf-8"))
    (DOCS / "catalogue.md").write_text(page, "utf-8")
    sys.stdout.write("docs/catalogue.md is written.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
