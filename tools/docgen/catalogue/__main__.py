"""`make catalogue`: writes docs/catalogue.md and CODEOWNERS from templates and declarations."""

import os
import sys

from tools.base.templates import templates
from tools.docgen.catalogue.files import write
from tools.docgen.catalogue.services import services_of


def main() -> int:
    """Write both documents."""
    os.environ["CDK_VALIDATION"] = "false"  # the rules have their own tests
    write(services_of(templates("dev")))
    sys.stdout.write("docs/catalogue.md and CODEOWNERS are written.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
