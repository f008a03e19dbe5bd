"""Two ways to a quote: by gRPC through the offline Envoy, and by the function of an account."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.base.endpoint import ACCOUNT
from tools.base.errors import OperationFailed
from tools.base.target import Target
from tools.base.workspace import CHECKOUT, Workspace
from tools.containers import proto
from tools.containers.environment import PYTHON, run
from tools.emulator.loopback_guard import HOST
from tools.emulator.pricing.envoy import PricingEnvoy

CURRENCY = "EUR"
IDENTITY = f"Principal=arn:aws:iam::{ACCOUNT}:role/quote;SessionName=make-quote"
"""As Lattice would say who has signed the call: the quote function's role."""
MOST_QUANTITY = 2**31 - 1
"""More than a quote allows; beyond it there is no message to refuse."""
MODULE = "tools.quote.call_by_grpc"


class NoQuote(OperationFailed):
    """Pricing said no, or did not answer; the message says which, and what to do."""


@dataclass(frozen=True)
class Wanted:
    """So many of an article."""

    sku: str
    quantity: int


def parse(text: str) -> list[Wanted]:
    """Lines as `TEA-SENCHA=2,MUG-RED`; one of what has no number. Raises NoQuote."""
    lines = []
    for part in text.split(","):
        sku, _, number = (it.strip() for it in part.partition("="))
        # Whether they are sold, and how many at once, is pricing's to say.
        if not sku or not (number or "1").isascii() or not (number or "1").isdecimal():
            raise NoQuote(f"{part!r} is no line: write LINES=TEA-SENCHA=2,MUG-RED=1")
        lines.append(Wanted(sku, min(int((number or "1")[:11]), MOST_QUANTITY)))
    return lines


def request_of(customer_id: str, lines: Sequence[Wanted]) -> dict[str, Any]:
    """The request, as `contracts/proto` has it."""
    return {
        "customer_id": customer_id,
        "currency": CURRENCY,
        "lines": [{"sku": it.sku, "quantity": it.quantity} for it in lines],
    }


def by_grpc(workspace: Workspace, request: Mapping[str, Any]) -> dict[str, Any]:
    """The offer of the offline server, through Envoy.

    Raises:
        NoQuote: pricing does not run, does not answer, or refuses.
        ContainerToolsError: the tools for containers are not there.
    """
    envoy = PricingEnvoy(workspace)
    if not envoy.is_running():
        raise NoQuote("pricing does not run here: start it with `make up CONTAINERS=yes`")
    paths = os.pathsep.join((str(CHECKOUT), str(proto.generated())))
    address = f"{HOST}:{envoy.port('plain')}"
    command = ("env", f"PYTHONPATH={paths}", PYTHON, "-m", MODULE)
    found = json.loads(run((*command, address, IDENTITY, json.dumps(request))))
    if found["status"] != "OK":
        raise NoQuote(_explained(found["status"], found["message"], found["fields"]))
    offer: dict[str, Any] = found["response"]
    return offer


def by_function(target: Target, request: Mapping[str, Any]) -> dict[str, Any]:
    """The offer of an environment, through the function that signs its calls for VPC Lattice.

    Raises:
        NoQuote: pricing does not answer, or refuses.
        OperationFailed: it is not deployed, or the function failed.
    """
    found = target.call("pricing", "quote-arn", request)
    match found["outcome"]:
        case "quoted":
            offer: dict[str, Any] = found["quote"]
            return offer
        case "refused":
            problem = found["problem"]
            fields = [(it.get("field"), it.get("description")) for it in problem.get("errors", [])]
            raise NoQuote(_explained("refused", str(problem.get("title", "")), fields))
        case _:
            raise NoQuote(_explained("UNAVAILABLE", str(found.get("reason", "")), ()))


def _explained(status: str, message: str, fields: Sequence[Sequence[Any]]) -> str:
    if status in {"UNAVAILABLE", "DEADLINE_EXCEEDED"}:
        return f"pricing does not answer ({status}: {message}): `make status` shows what has ended"
    if fields:
        wrong = "; ".join(f"{field}: {rule}" for field, rule in fields)
        return f"pricing refuses the request: {wrong}"
    return f"pricing refuses the request ({status}): {message}"
