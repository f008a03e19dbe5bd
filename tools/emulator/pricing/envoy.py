"""The one Envoy of a workspace, before both slots of pricing."""

from __future__ import annotations

import json

from shared.runtime.envoy_traffic import BLUE, GREEN, SLOTS, Traffic
from stacks.constructs.envoy import Certificates, Listener, Server, Sidecar, sidecar
from stacks.constructs.envoy_filters import Caller, Limits
from tools.base import processes
from tools.base.endpoint import ACCOUNT
from tools.base.workspace import Workspace, write_private
from tools.containers import environment, proto
from tools.emulator.container_process import ContainerProcess
from tools.emulator.loopback_guard import HOST
from tools.emulator.ports import free_ports, listens

SERVICE = "shop.pricing.v1.PricingService"
PREFIX = "pricing"
CALLERS = (
    Caller("partners", ("Quote", "WatchPrices"), role="partners"),
    Caller("quote", ("Quote",), role="quote"),
)
"""Who may call offline. By Lattice's header they are roles of the emulator's account."""
PORTS = ("plain", "mutual", "health", "admin", *SLOTS)
LIMITS = Limits(per_second=20_000, burst=40_000)
"""More than this machine can: what is limited here is limited on purpose, in a test."""


class PricingEnvoy(ContainerProcess):
    """``PricingEnvoy(workspace).start()``; ``traffic`` shares calls between the slots."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace, "envoy", workspace.pricing)

    @property
    def admin_url(self) -> str:
        """Envoy's admin interface. Raises ContainerProcessError: it was never started here."""
        return f"http://{HOST}:{self.port('admin')}"

    @property
    def plain_url(self) -> str:
        """REST and gRPC without TLS, as Lattice calls a task: its header has the identity."""
        return f"http://{HOST}:{self.port('plain')}"

    @property
    def traffic(self) -> Traffic:
        """The shares of both slots."""
        return Traffic(self.admin_url, PREFIX)

    def start(self) -> None:
        """Start it unless it runs. Raises ContainerProcessError, ContainerToolsError."""
        if self.is_running():
            return
        self.workspace.prepare()
        self.folder.mkdir(exist_ok=True, mode=0o700)
        self._certify()
        ports = free_ports(self.record_file, PORTS) | self._ports_of_running_servers()
        configuration = self.folder / "envoy-configuration.json"
        write_private(configuration, json.dumps(self._configuration(ports), indent=1))
        options = (
            *("--envoy", str(environment.ENVOY), "--configuration", str(configuration)),
            *("--mark", processes.workspace_option(self.workspace.root)),
        )
        child = self.launch("tools.emulator.pricing.run_envoy", options, ports, {})
        self.wait(child, lambda: listens(ports["admin"]) and listens(ports["plain"]))

    def _serving(self) -> str:
        """The slot that had the calls before: of two servers the one that has run for longer.

        Envoy keeps weights in its memory alone. Where a release was under way it has failed by now,
        and what was there before it serves.
        """
        servers = [ContainerProcess(self.workspace, slot, self.folder) for slot in SLOTS]
        running = [it for it in servers if it.is_running()]
        oldest = min(running, key=lambda it: it.record_file.stat().st_mtime_ns, default=None)
        return oldest.name if oldest else BLUE

    def _ports_of_running_servers(self) -> dict[str, int]:
        """An Envoy that has ended is started again before the servers that it had."""
        servers = {slot: ContainerProcess(self.workspace, slot, self.folder) for slot in SLOTS}
        return {slot: it.port("port") for slot, it in servers.items() if it.is_running()}

    def _certify(self) -> None:
        names = [f"{it.name}={it.spiffe_id}" for it in CALLERS]
        module = "tools.emulator.pricing.certificates"
        environment.run((environment.PYTHON, "-m", module, self.folder, *names))

    def _configuration(self, ports: dict[str, int]) -> dict[str, object]:
        files = Certificates(
            certificate=str(self.folder / "envoy.pem"),
            key=str(self.folder / "envoy.key"),
            authority=str(self.folder / "authority.pem"),
        )
        listeners = (
            Listener(ports["plain"], account=ACCOUNT, trusted=("127.0.0.0/8",)),
            Listener(ports["mutual"], certificates=files),
        )
        return sidecar(
            Sidecar(
                service=SERVICE,
                prefix=PREFIX,
                listeners=listeners,
                servers=[Server(ports[slot], slot) for slot in SLOTS],
                callers=CALLERS,
                address=HOST,
                health_port=ports["health"],
                admin_port=ports["admin"],
                descriptor=str(proto.generated() / proto.DESCRIPTOR),
                log=str(self.folder / "calls.log"),
                limits=LIMITS,
                reflection=True,
                green_at_first=self._serving() == GREEN,
            )
        )
