"""`make quote`: asks pricing for a quote; offline it is asked for by gRPC, and used in an order."""

from __future__ import annotations

import argparse
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from tools.base import outputs, region
from tools.base.errors import OfflineError, OperationFailed
from tools.base.target import ENVIRONMENTS, account
from tools.base.terminal import Terminal, show_errors_plainly
from tools.base.workspace import Workspace
from tools.emulator.emulator import Emulator
from tools.local import tokens
from tools.local.demo_order import ORDER, DemoOrder
from tools.quote.asking import NoQuote, Wanted, by_function, by_grpc, parse, request_of

LINES = "TEA-SENCHA=2,TEAPOT-IRON=1"


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status: 0 quoted, and offline ordered; 1 not."""
    options = _parser().parse_args(arguments)
    console = Terminal(soft_wrap=True)
    try:
        lines = parse(options.lines)
        if options.environment:
            target = account(options.environment, region.chosen(options.region))
            console.print(target.name, style="dim")
            request = request_of(f"make-quote-{uuid.uuid4()}", lines)
            show(by_function(target, request), "through VPC Lattice", console)
        else:
            _quote_and_order(Workspace(options.workspace), lines, console)
    except (OperationFailed, OfflineError, BotoCoreError, ClientError) as error:
        Terminal(stderr=True, soft_wrap=True).print(f"error: {error}", style="bold red")
        return 1
    return 0


def _quote_and_order(workspace: Workspace, lines: Sequence[Wanted], console: Console) -> None:
    emulator = Emulator.of(workspace)
    if not emulator.is_healthy():
        raise NoQuote("nothing runs here: start it with `make up CONTAINERS=yes`")
    deployed = outputs.read(workspace.outputs)
    token = tokens.token(deployed, emulator.cloud, workspace)
    request = request_of(tokens.subject(token), lines)
    offer = by_grpc(workspace, request)
    show(offer, "by gRPC, through Envoy", console)
    body = {
        "lines": request["lines"],
        "currency": request["currency"],
        "ship_to": ORDER["ship_to"],
        "quote": offer["quote"],
    }
    demo = DemoOrder(deployed, emulator.cloud, token)
    status, answer = demo.call("POST", "orders", "/v1/orders", body)
    if status != 202:
        raise OperationFailed(f"orders did not take the quote: {answer.get('title', answer)}")
    total = f"{answer['total'] / 100:.2f} {answer['currency']}"
    console.print(f"order {answer['order_id']} is placed with it: {total}", style="green")


def show(offer: Mapping[str, Any], how: str, console: Console) -> None:
    """The offer as people read it; the quote's signature is for programs."""
    table = Table("article", "quantity", "each", box=None, pad_edge=False)
    for line in offer["lines"]:
        table.add_row(line["sku"], str(line["quantity"]), f"{line['unit_price'] / 100:.2f}")
    console.print(f"quoted {how}", style="bold")
    console.print(table, soft_wrap=False)
    total = int(offer["total"]) / 100
    console.print(f"{total:.2f} {offer['currency']}, until {offer['expires_at']}")
    console.print(f"signed with version {offer['quote'].partition('.')[0]}", style="dim")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.quote", description=__doc__)
    parser.add_argument("--lines", default=LINES, help="what it is for (default: %(default)s)")
    parser.add_argument("--environment", choices=ENVIRONMENTS, help="of an account; else offline")
    parser.add_argument("--region")
    parser.add_argument(
        "--workspace",
        type=Path,
        default=Workspace().root,
        help="where the offline system was started",
    )
    return parser


if __name__ == "__main__":
    show_errors_plainly()
    sys.exit(main())
