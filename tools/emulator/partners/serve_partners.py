"""`python -m tools.emulator.partners.serve_partners`: the service, which ends with the emulator."""

from __future__ import annotations

import argparse
import os

from partners.handlers.serve import main as serve
from tools.emulator.pricing.ending import end_with


def main() -> None:
    """Serve until SIGTERM, or until the emulator is gone."""
    parser = argparse.ArgumentParser(prog="python -m tools.emulator.partners.serve_partners")
    parser.add_argument("--until-gone", type=int, metavar="PID", help="end when that process does")
    options = parser.parse_args()
    end_with(options.until_gone, lambda: os._exit(0))
    serve()


if __name__ == "__main__":
    main()
