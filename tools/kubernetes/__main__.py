"""`python -m tools.kubernetes judge`: starts its commands in an environment of their own."""

from __future__ import annotations

import subprocess
import sys

from tools.kubernetes import environment
from tools.toolchain.setup import ToolFailed


def main() -> int:
    """The exit status of the command, or 2 if its environment could not be made."""
    try:
        environment.install()
    except ToolFailed as failed:
        print(f"kubernetes: its tools could not be installed:\n{failed}", file=sys.stderr)
        return 2
    command = [str(environment.PYTHON), "-m", "tools.kubernetes.commands", *sys.argv[1:]]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
