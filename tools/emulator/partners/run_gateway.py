"""`python -m tools.emulator.partners.run_gateway`: Envoy, told again when manifests or keys change.

It plays External Secrets' part: a key that is put into the secret, or taken out of it, counts a
moment later. What Envoy logs of calls becomes spans. Envoy ends with it, and it ends with the
emulator.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tools.base.endpoint import Cloud
from tools.base.terminal import Terminal
from tools.base.workspace import write_private
from tools.emulator.partners.equivalent import Keys, bootstrap, routes
from tools.emulator.partners.gateway_spans import GatewaySpans
from tools.emulator.partners.manifests import Edge, KeySource, NotTranslated, read
from tools.emulator.pricing.ending import end_with

PAUSE_SECONDS = 0.5
"""Between two looks at manifests and keys."""


class Told:
    """What Envoy was told last; ``again`` tells it what has changed."""

    def __init__(self, manifests: Path, folder: Path, cloud: Cloud) -> None:
        self._manifests = manifests
        self._file = folder / "routes.json"
        self._cloud = cloud
        self._text = ""
        self._edge: tuple[int, Edge] | None = None
        self._complaint = ""

    def again(self) -> None:
        """What cannot be translated or read changes nothing, and is said once."""
        try:
            edge = self._read()
            text = json.dumps(routes(edge, self._keys(edge)), indent=1)
        except (NotTranslated, BotoCoreError, ClientError, OSError, ValueError) as error:
            self._complain(f"the gateway stays as it is: {error}")
            return
        self._complaint = ""
        if text != self._text:
            write_private(self._file, text)
            self._text = text

    def _read(self) -> Edge:
        """The manifests, which are parsed again only when they were written again."""
        written = self._manifests.stat().st_mtime_ns
        if self._edge is None or self._edge[0] != written:
            self._edge = written, read(self._manifests.read_text("utf-8"))
        return self._edge[1]

    def _keys(self, edge: Edge) -> Keys:
        found: dict[KeySource, str] = {}
        for secret in edge.secrets:
            kept = self._properties(secret)
            for consumer in edge.consumers:
                for source in consumer.keys:
                    if source.secret == secret and isinstance(kept.get(source.property), str):
                        found[source] = kept[source.property]
        return found

    def _properties(self, secret: str) -> Mapping[str, Any]:
        answer = self._cloud.client("secretsmanager").get_secret_value(SecretId=secret)
        found = json.loads(answer["SecretString"])
        return found if isinstance(found, dict) else {}

    def _complain(self, text: str) -> None:
        if text != self._complaint:
            Terminal(stderr=True, soft_wrap=True).print(text)
        self._complaint = text


def main() -> int:
    """Run Envoy until it ends; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.emulator.partners.run_gateway")
    parser.add_argument("--until-gone", type=int, metavar="PID", help="end when that process does")
    parser.add_argument("--envoy", required=True)
    parser.add_argument("--manifests", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--endpoint", required=True, help="the emulator's")
    parser.add_argument("--ports", type=json.loads, required=True, help="by name, as JSON")
    parser.add_argument("--spans", type=int, help="the port of who takes spans")
    parser.add_argument("--mark", required=True, help="by which `make down` finds it")
    options = parser.parse_args()
    told = Told(options.manifests, options.folder, Cloud(options.endpoint))
    told.again()
    configuration = options.folder / "gateway-configuration.json"
    made = bootstrap(options.ports, str(options.folder))
    write_private(configuration, json.dumps(made, indent=1))
    log = options.folder / "calls.log"
    spans = GatewaySpans(log, options.spans) if options.spans is not None else None
    envoy = subprocess.Popen(
        [
            *(options.envoy, "-c", str(configuration), "--service-node", options.mark),
            *("--use-dynamic-base-id", "--concurrency", "1", "--log-level", "error"),
            *("--file-flush-interval-msec", "200"),
        ]
    )

    def stop(_number: int, _frame: FrameType | None) -> None:
        envoy.terminate()

    signal.signal(signal.SIGTERM, stop)
    end_with(options.until_gone, envoy.kill)
    while (status := envoy.poll()) is None:
        time.sleep(PAUSE_SECONDS)
        told.again()
        if spans is not None:
            spans.again()
    return status


if __name__ == "__main__":
    sys.exit(main())
