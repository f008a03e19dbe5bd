"""`python -m local.payment_provider`: the provider itself, until its emulator is gone."""

from __future__ import annotations

import argparse
import json
import os
import threading
import time
from pathlib import Path

from local.payment_provider.ledger import Ledger
from local.payment_provider.server import Provider


def main() -> None:
    """Listen on the first free port of those wanted, write down which, and serve."""
    parser = argparse.ArgumentParser(prog="python -m local.payment_provider", description=__doc__)
    parser.add_argument("--record", type=Path, required=True, help="where to write pid and port")
    parser.add_argument("--ports", type=int, nargs="+", default=[0], help="0 is any free one")
    parser.add_argument("--ledger", type=Path, help="keep the ledger in this file")
    parser.add_argument("--until-gone", type=int, metavar="PID", help="end when that process does")
    options = parser.parse_args()
    provider = _listening(options.ports, Ledger.opened(options.ledger))
    if options.until_gone:
        threading.Thread(target=_end_with, args=(options.until_gone,), daemon=True).start()
    draft = options.record.with_suffix(".draft")
    draft.write_text(json.dumps({"pid": os.getpid(), "port": provider.server_port}))
    draft.replace(options.record)
    provider.serve_forever(poll_interval=0.1)


def _listening(ports: list[int], ledger: Ledger) -> Provider:
    for port in ports:
        try:
            return Provider(port, ledger)
        except OSError:
            continue
    raise SystemExit(f"none of the ports {ports} is free")


def _end_with(pid: int) -> None:
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            os._exit(0)
        time.sleep(0.5)


if __name__ == "__main__":
    main()
