"""`python -m tools.emulator.configuration_agent`: the agent itself, until its emulator is gone."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from tools.emulator.configuration_agent.server import Agent
from tools.emulator.side_process import serve


def main() -> None:
    """Listen on the first free port of those wanted, and answer from the emulator's AppConfig."""
    parser = argparse.ArgumentParser(prog="python -m tools.emulator.configuration_agent")
    parser.add_argument("--endpoint", required=True, help="the emulator's address")
    parser.add_argument(
        "--poll-seconds", type=float, default=1.0, help="the greatest age of an answer"
    )
    parser.add_argument("--record", type=Path, required=True, help="where to write pid and port")
    parser.add_argument("--ports", type=int, nargs="+", default=[0], help="0 is any free one")
    parser.add_argument("--until-gone", type=int, metavar="PID", help="end when that process does")
    options = parser.parse_args()
    make = partial(Agent, endpoint=options.endpoint, poll_seconds=options.poll_seconds)
    serve(make, options.ports, options.record, options.until_gone)


if __name__ == "__main__":
    main()
