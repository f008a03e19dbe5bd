"""`python -m tools.emulator.mesh.relay`: a request becomes VPC Lattice's event to a function.

It listens on loopback behind the Envoy of ``gate.py``, and takes that one's word for who calls.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from stacks.constructs.envoy_filters import CALLER
from tools.base.endpoint import ACCOUNT, REGION, Cloud
from tools.emulator.loopback_guard import GuardedHandler, GuardedServer
from tools.emulator.side_process import serve

_ARN = f"arn:aws:vpc-lattice:{REGION}:{ACCOUNT}"
Event = dict[str, Any]
Invoke = Callable[[Event], Mapping[str, Any]]
"""Gives what the function answers. Raises BotoCoreError, ClientError: nobody invokes it."""


def event_of(
    method: str, target: str, headers: Mapping[str, str], roles: Mapping[str, str]
) -> Event:
    """The event (version 2.0) of a request whose caller the headers name; ``roles`` are by
    SPIFFE id. Who has none has signed nothing, as far as the function learns.
    """
    parts = urlsplit(target)
    identity: dict[str, str] = {"sourceVpcArn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/vpc-offline"}
    caller = headers.get(CALLER, "")
    if caller in roles:
        session = caller.rpartition("/")[2]
        principal = f"arn:aws:sts::{ACCOUNT}:assumed-role/{roles[caller]}/{session}"
        identity |= {"type": "AWS_IAM", "principal": principal, "sessionName": session}
    return {
        "version": "2.0",
        "method": method,
        "path": parts.path,
        "headers": {name: [value] for name, value in headers.items() if name != CALLER},
        "queryStringParameters": parse_qs(parts.query, keep_blank_values=True),
        "isBase64Encoded": False,
        "requestContext": {
            "serviceNetworkArn": f"{_ARN}:servicenetwork/sn-offline",
            "serviceArn": f"{_ARN}:service/svc-offline",
            "targetGroupArn": f"{_ARN}:targetgroup/tg-offline",
            "identity": identity,
            "region": REGION,
            "timeEpoch": str(time.time_ns() // 1000),
        },
    }


def relay(port: int, invoke: Invoke, roles: Mapping[str, str]) -> GuardedServer:
    """A server on that port of loopback; a function that fails, or answers otherwise, is a 502."""

    class Handler(GuardedHandler):
        timeout = 30

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                answer = invoke(event_of(self.command, self.path, headers, roles))
                status, body = int(answer["statusCode"]), str(answer["body"]).encode()
                given = {str(name): str(value) for name, value in answer["headers"].items()}
            except (BotoCoreError, ClientError, ValueError, LookupError, AttributeError):
                status, body, given = 502, b"", {}
            self.send_response(status)
            for name, value in {**given, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return GuardedServer(port, Handler)


def invoking(cloud: Cloud, function: str) -> Invoke:
    """Invokes a deployed function by its name."""

    def invoke(event: Event) -> Mapping[str, Any]:
        client = cloud.client("lambda")
        found = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        answer = json.loads(found["Payload"].read())
        return answer if isinstance(answer, dict) and "FunctionError" not in found else {}

    return invoke


def main() -> None:
    """Serve until the emulator is gone."""
    parser = argparse.ArgumentParser(prog="python -m tools.emulator.mesh.relay")
    parser.add_argument("--endpoint", required=True, help="the emulator's")
    parser.add_argument("--function", required=True, help="its name")
    parser.add_argument("--roles", type=json.loads, required=True, help="by SPIFFE id, as JSON")
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--ports", type=int, nargs="+", required=True)
    parser.add_argument("--until-gone", type=int, metavar="PID", help="end when that process does")
    options = parser.parse_args()
    invoke = invoking(Cloud(options.endpoint), options.function)
    serve(
        lambda port: relay(port, invoke, options.roles),
        options.ports,
        options.record,
        options.until_gone,
    )


if __name__ == "__main__":
    main()
