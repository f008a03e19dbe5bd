"""`python -m tools.emulator.payment_provider`: a provider itself, until its emulator is gone."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.emulator.payment_provider.ledger import Ledger
from tools.emulator.payment_provider.own_spans import OwnSpans
from tools.emulator.payment_provider.server import Provider
from tools.emulator.side_process import serve


def main() -> None:
    """Listen on the first free port of those wanted, write down which, and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.emulator.payment_provider", description=__doc__
    )
    parser.add_argument("--record", type=Path, required=True, help="where to write pid and port")
    parser.add_argument("--ports", type=int, nargs="+", default=[0], help="0 is any free one")
    parser.add_argument("--ledger", type=Path, help="keep the ledger in this file")
    parser.add_argument("--until-gone", type=int, metavar="PID", help="end when that process does")
    parser.add_argument("--spans", default="", help="HOST:PORT of whoever receives its spans")
    options = parser.parse_args()
    ledger, spans = Ledger.opened(options.ledger), OwnSpans(options.spans)
    serve(
        lambda port: Provider(port, ledger, spans),
        options.ports,
        options.record,
        options.until_gone,
    )


if __name__ == "__main__":
    main()
