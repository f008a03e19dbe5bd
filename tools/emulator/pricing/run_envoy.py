"""`python -m tools.emulator.pricing.run_envoy`: Envoy, which ends when the emulator is gone."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from types import FrameType

from tools.emulator.pricing.ending import end_with


def main() -> int:
    """Run Envoy; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.emulator.pricing.run_envoy")
    parser.add_argument("--until-gone", type=int, metavar="PID", help="end when that process does")
    parser.add_argument("--envoy", required=True)
    parser.add_argument("--configuration", required=True)
    parser.add_argument("--mark", required=True, help="by which `make down` finds it")
    options = parser.parse_args()
    envoy = subprocess.Popen(
        [
            *(options.envoy, "-c", options.configuration, "--service-node", options.mark),
            *("--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warning"),
        ]
    )

    def stop(_number: int, _frame: FrameType | None) -> None:
        envoy.terminate()

    signal.signal(signal.SIGTERM, stop)
    end_with(options.until_gone, envoy.kill)
    return envoy.wait()


if __name__ == "__main__":
    sys.exit(main())
