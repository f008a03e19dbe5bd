"""Whether an account takes the spans that an environment's functions send."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stacks.constructs.microservice_function import SPANS_ENDPOINT
from tools.base.errors import OperationFailed

if TYPE_CHECKING:
    from rich.console import Console

    from tools.base.target import Target

CONTEXT = Path(__file__).resolve().parents[2] / "cdk.json"
TURN_ON = "aws xray update-trace-segment-destination --destination CloudWatchLogs"


def check(target: Target, console: Console, context: Path = CONTEXT) -> None:
    """Say where spans go, before anything is deployed.

    X-Ray's OTLP endpoint takes spans only where Transaction Search is on, which keeps them in
    CloudWatch Logs. Nothing else is asked of the account.

    Raises:
        OperationFailed: they go there, and it is off or not on yet. Every span would be refused.
    """
    endpoint = str(json.loads(context.read_text("utf-8"))["context"].get(SPANS_ENDPOINT, ""))
    if not endpoint:
        console.print("spans go to the X-Ray daemon beside each function")
        return
    if not (urlsplit(endpoint).hostname or "").startswith("xray."):
        console.print(f"spans go to {endpoint}")
        return
    found = target.client("xray").get_trace_segment_destination()
    if found["Destination"] != "CloudWatchLogs":
        raise OperationFailed(
            f"{target.environment} would send spans to {endpoint}, which takes none: Transaction "
            f"Search is off in this account and region. Turn it on: {TURN_ON}. Or send them to "
            f'the X-Ray daemon: take "{SPANS_ENDPOINT}" out of the context of cdk.json'
        )
    if found["Status"] != "ACTIVE":
        raise OperationFailed(
            f"Transaction Search is {found['Status']} in this account: {endpoint} takes no spans "
            "yet. Deploy again in some minutes"
        )
    console.print(f"spans go to {endpoint}; Transaction Search is on")
