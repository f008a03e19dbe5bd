"""`python -m tools.checks.layers`: fails where somebody imports what their layer must not know."""

import sys
import tempfile
from pathlib import Path

from importlinter.cli import lint_imports

from contracts.product import PRODUCT
from tools.base.workspace import CHECKOUT
from tools.checks.layers.contracts import write


def main() -> int:
    """The exit status: 1 if a contract is broken."""
    with tempfile.TemporaryDirectory(prefix=f"{PRODUCT}-layers-") as folder:
        file = Path(folder) / "importlinter.ini"
        write(CHECKOUT, file)
        return lint_imports(str(file), cache_dir=str(CHECKOUT / ".cache" / "imports"), no_logo=True)


if __name__ == "__main__":
    sys.exit(main())
