"""Inventory's function in the mesh, offline: the relay that invokes it, and the gate before it."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from typing import Any

from contracts.product import PRODUCT
from stacks.constructs.envoy import Certificates
from stacks.constructs.envoy_filters import TRUST_DOMAIN
from tools.base import processes
from tools.base.endpoint import REGION, Cloud
from tools.base.workspace import Workspace, write_private
from tools.containers import environment
from tools.emulator.container_process import ContainerProcess
from tools.emulator.loopback_guard import HOST
from tools.emulator.mesh.gate import gate
from tools.emulator.ports import free_ports, listens
from tools.emulator.pricing.configuration import OFFLINE
from tools.emulator.side_process import SideProcess

PATH = "/v1/availability"
FUNCTION = "Availability"
PARTNERS = f"spiffe://{TRUST_DOMAIN}/partners"
ROLES = {PARTNERS: f"{PRODUCT}-{OFFLINE}-{REGION}-partners-Pod"}
"""Which role a certificate stands for: the one of partners' pods."""
USUAL_PORT = 4650


class AvailabilityRelay(SideProcess):
    """Turns requests into events of VPC Lattice, and invokes the function."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(
            workspace,
            module="tools.emulator.mesh.relay",
            record=workspace.mesh / "relay.json",
            usual_port=USUAL_PORT,
        )


class MeshGate(ContainerProcess):
    """The Envoy before the relay; its certificate and whose it takes are those of pricing's."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace, "gate", workspace.mesh)

    def start(self, relay: int) -> None:
        """Start it unless it runs before that relay: who calls it was told its port.

        Raises:
            ContainerProcessError: it does not listen in time.
        """
        if self.is_running():
            if self.port("relay") == relay:
                return
            self.stop(signal.SIGKILL)
            self.wait_until_gone()
        port = free_ports(self.record_file, ("mutual",))["mutual"]
        folder = self.workspace.pricing
        files = Certificates(
            certificate=str(folder / "envoy.pem"),
            key=str(folder / "envoy.key"),
            authority=str(folder / "authority.pem"),
        )
        configuration = self.folder / "gate-configuration.json"
        made = gate(port=port, relay=relay, certificates=files, callers=[PARTNERS], path=PATH)
        write_private(configuration, json.dumps(made, indent=1))
        options = (
            *("--envoy", str(environment.ENVOY), "--configuration", str(configuration)),
            *("--mark", processes.workspace_option(self.workspace.root)),
        )
        ports = {"mutual": port, "relay": relay}
        child = self.launch("tools.emulator.pricing.run_envoy", options, ports, {})
        self.wait(child, lambda: listens(port))


class MeshSystem:
    """``MeshSystem(workspace).start(services, cloud)``, when pricing's certificates are there."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.relay = AvailabilityRelay(workspace)
        self.gate = MeshGate(workspace)

    @property
    def host(self) -> str:
        """Where partners calls. Raises ContainerProcessError: it was never started here."""
        return f"{HOST}:{self.gate.port('mutual')}"

    def start(self, services: Mapping[str, Any], cloud: Cloud) -> None:
        """Start what does not run yet. ``services`` are the deployment's outputs by service.

        Raises:
            OfflineError: something did not start.
        """
        self.workspace.prepare()
        self.workspace.mesh.mkdir(exist_ok=True, mode=0o700)
        if not self.relay.is_running():
            self.relay.launch(
                *("--endpoint", cloud.endpoint),
                *("--function", services["inventory"]["functions"][FUNCTION]),
                *("--roles", json.dumps(ROLES)),
            )
        self.gate.start(self.relay.port)

    def kill(self) -> None:
        """End all of it at once."""
        self.gate.stop(signal.SIGKILL)
        self.gate.wait_until_gone()
        self.relay.stop()
