"""`python -m tools.emulator.trace_receiver`: the receiver itself, until its emulator is gone."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from tools.emulator.side_process import serve
from tools.emulator.trace_receiver.server import Receiver


def main() -> None:
    """Listen on the first free port of those wanted, and keep what functions send."""
    parser = argparse.ArgumentParser(prog="python -m tools.emulator.trace_receiver")
    parser.add_argument("--datagrams", type=int, required=True, help="the port that functions know")
    parser.add_argument("--record", type=Path, required=True, help="where to write pid and port")
    parser.add_argument("--ports", type=int, nargs="+", default=[0], help="0 is any free one")
    parser.add_argument("--until-gone", type=int, metavar="PID", help="end when that process does")
    options = parser.parse_args()
    make = partial(Receiver, datagram_port=options.datagrams)
    serve(make, options.ports, options.record, options.until_gone)


if __name__ == "__main__":
    main()
