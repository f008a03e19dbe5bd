"""Pricing as it runs offline: Envoy, the version that serves, and what others find it by."""

from __future__ import annotations

import json
import signal
from collections.abc import MutableMapping
from typing import Any

from contracts.product import PRODUCT
from shared.runtime.envoy_traffic import BLUE, GREEN, TrafficError, WeightUnknown
from tools.base import processes
from tools.base.workspace import Workspace
from tools.emulator.container_process import ContainerProcessError
from tools.emulator.emulator import Emulator
from tools.emulator.loopback_guard import HOST
from tools.emulator.pricing.configuration import OFFLINE, PricingConfiguration
from tools.emulator.pricing.envoy import CALLERS, PREFIX, PricingEnvoy
from tools.emulator.pricing.version import PricingVersion

FIRST_VERSION = "v1"
ENVOY = "Envoy"


class PricingSystem:
    """``PricingSystem(workspace).start()`` starts what does not run yet."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.envoy = PricingEnvoy(workspace)
        self.versions = {slot: PricingVersion(workspace, slot) for slot in (BLUE, GREEN)}

    def start(self) -> None:
        """Envoy, and one version: that which runs, else the first.

        Raises:
            ContainerProcessError: something did not start.
        """
        self.envoy.start()
        serving = self.versions[GREEN if self._all_is_green() else BLUE]
        if not serving.is_running():
            serving.start(FIRST_VERSION)
        self._publish()

    def processes(self) -> dict[str, set[int]]:
        """Numbers of its processes, by what they are; none of what does not run."""
        named = {ENVOY: self.envoy, **{_server(slot): it for slot, it in self.versions.items()}}
        groups = {name: it.pid for name, it in named.items() if it.is_running()}
        found: dict[str, set[int]] = {name: set() for name in named}
        for pid, group, _ in processes.listing():
            for name, leader in groups.items():
                if group == leader:
                    found[name].add(pid)
        return found

    def needed(self) -> set[str]:
        """Which of them have to run: Envoy, and the server that gets most of the calls."""
        try:
            weights = self.envoy.traffic.weights()
        except (TrafficError, ContainerProcessError):
            return {ENVOY}
        return {ENVOY, *(_server(slot) for slot, weight in weights.items() if weight >= 50)}

    @property
    def configuration(self) -> PricingConfiguration:
        """Prices and discounts, as AppConfig has them."""
        return PricingConfiguration.of(Emulator.of(self.workspace).cloud)

    def kill(self) -> None:
        """End all of it at once; nothing drains."""
        for process in (*self.versions.values(), self.envoy):
            process.stop(signal.SIGKILL)
            process.wait_until_gone()

    def show(self, outputs: MutableMapping[str, Any]) -> None:
        """Write its addresses into what `.local/outputs.json` holds."""
        service = outputs["services"].setdefault(PREFIX, {"urls": {}})
        envoy = self.envoy
        service["urls"] |= {"Envoy": f"{envoy.plain_url}/", "EnvoyAdmin": f"{envoy.admin_url}/"}
        service["grpc"] = {
            "Plain": f"{HOST}:{envoy.port('plain')}",
            "MutualTls": f"{HOST}:{envoy.port('mutual')}",
        }
        folder = envoy.folder
        names = ("authority", *(it.name for it in CALLERS))
        service["certificates"] = {name: str(folder / f"{name}.pem") for name in names}

    def _all_is_green(self) -> bool:
        try:
            return self.envoy.traffic.weights()[GREEN] == 100
        except WeightUnknown:  # somebody wrote it by hand
            return False

    def _publish(self) -> None:
        """Where a release finds the weights."""
        value = {"kind": "envoy", "admin_url": self.envoy.admin_url}
        Emulator.of(self.workspace).cloud.client("ssm").put_parameter(
            Name=f"/{PRODUCT}/{OFFLINE}/releases/{PREFIX}",
            Type="String",
            Value=json.dumps(value),
            Overwrite=True,
        )


def _server(slot: str) -> str:
    return f"server {slot}"
