"""`make catalogue`: writes catalogue, diagrams and CODEOWNERS from templates and declarations."""

import os
import sys

from tools.base.templates import EVERYTHING, templates
from tools.docgen.architecture import page
from tools.docgen.catalogue.files import write
from tools.docgen.services import services_of


def main() -> int:
    """Write the three documents."""
    os.environ["CDK_VALIDATION"] = "false"  # the rules have their own tests
    services = services_of(templates("dev", EVERYTHING))
    write(services)
    page.write(services)
    sys.stdout.write("docs/catalogue.md, docs/architecture.md and CODEOWNERS are written.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
