"""`python -m tools.emulator.pricing.serve_version`: pricing's server, with a fault if named."""

from __future__ import annotations

import argparse
import asyncio
import os

from pricing_server.handlers.serve import serve
from tools.emulator.pricing.ending import end_with
from tools.emulator.pricing.faults import interceptors


def main() -> None:
    """Serve until SIGTERM, or until the emulator is gone."""
    parser = argparse.ArgumentParser(prog="python -m tools.emulator.pricing.serve_version")
    parser.add_argument("--fault", help="what is wrong with this version")
    parser.add_argument("--until-gone", type=int, metavar="PID", help="end when that process does")
    options = parser.parse_args()
    end_with(options.until_gone, lambda: os._exit(0))
    asyncio.run(serve(interceptors(options.fault)))


if __name__ == "__main__":
    main()
