"""`python -m tools.local.faults`: the fault process itself, until its emulator is gone."""

from __future__ import annotations

import argparse
import os
import signal
from pathlib import Path
from typing import Never

from tools.base import proxies
from tools.base.workspace import Workspace
from tools.emulator.side_process import serve
from tools.local.faults.server import FaultServer


def main() -> None:
    """Listen on the first free port of those wanted; undo everything at the end."""
    parser = argparse.ArgumentParser(prog="python -m tools.local.faults", description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True, help="whose system it is")
    parser.add_argument("--seconds", type=float, required=True, help="how long a fault lasts")
    parser.add_argument("--record", type=Path, required=True, help="where to write pid and port")
    parser.add_argument("--ports", type=int, nargs="+", default=[0], help="0 is any free one")
    parser.add_argument("--until-gone", type=int, metavar="PID", help="end when that process does")
    options = parser.parse_args()
    proxies.bypass(os.environ)
    workspace = Workspace(options.workspace)
    signal.signal(signal.SIGTERM, _end)
    made: list[FaultServer] = []

    def make(port: int) -> FaultServer:
        made.append(FaultServer(port, workspace, options.seconds))
        return made[-1]

    try:
        serve(make, options.ports, options.record, options.until_gone)
    finally:
        for server in made:
            server.end()


def _end(*_: object) -> Never:
    raise SystemExit


if __name__ == "__main__":
    main()
