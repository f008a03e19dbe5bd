"""The two processes of partners offline: the service, and the gateway before it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping

from contracts.product import PRODUCT_TITLE
from tools.base import processes
from tools.base.endpoint import REGION
from tools.base.records import read_record
from tools.base.workspace import Workspace
from tools.containers import environment
from tools.emulator.container_process import ContainerProcess
from tools.emulator.loopback_guard import HOST
from tools.emulator.partners.manifests import RENDERED
from tools.emulator.ports import answers, free_ports, listens
from tools.emulator.pricing.configuration import OFFLINE
from tools.emulator.trace_receiver import TraceReceiver


class PartnersService(ContainerProcess):
    """``PartnersService(workspace).start(outputs)``."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace, "service", workspace.partners)
        self.machine_client = self.folder / "machine-client"

    @property
    def url(self) -> str:
        """Past the gateway: for tests. Raises ContainerProcessError: it was never started here."""
        return f"http://{HOST}:{self.port('port')}"

    def start(self, variables: Mapping[str, str]) -> None:
        """Start it unless it runs; ``variables`` say whom it calls.

        Raises:
            ContainerProcessError: it does not get ready in time.
        """
        if self.is_running():
            return
        ports = free_ports(self.record_file, ("port", "grpc"))
        own = {
            "SERVICE": "partners",
            "METRIC_NAMESPACE": f"{PRODUCT_TITLE}/{OFFLINE}",
            "HOST": HOST,
            "PORT": str(ports["port"]),
            "GRPC_PORT": str(ports["grpc"]),
            "MACHINE_CLIENT_FILE": str(self.machine_client),
            "HEALTH_INTERVAL_SECONDS": "0.2",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            **self._spans(),
        }
        child = self.launch(
            "tools.emulator.partners.serve_partners", (), ports, {**own, **variables}
        )
        self.wait(child, lambda: answers(ports["port"], "/readyz"))

    def _spans(self) -> dict[str, str]:
        if not read_record(self.workspace.trace_receiver_record):
            return {}
        url = f"{TraceReceiver(self.workspace).url}/v1/traces"
        return {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url}


class PartnersGateway(ContainerProcess):
    """``PartnersGateway(workspace).start(service)``; ``manifests`` is what it is told by."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace, "gateway", workspace.partners)
        self.manifests = self.folder / "manifests.yaml"

    @property
    def url(self) -> str:
        """Where partners call. Raises ContainerProcessError: it was never started here."""
        return f"http://{HOST}:{self.port('edge')}"

    def start(self, service: PartnersService, endpoint: str) -> None:
        """Start it unless it runs, with the manifests of the stage as they are rendered.

        ``service`` is what it stands before. ``endpoint`` is where Secrets Manager is asked for
        the consumers' keys.

        Raises:
            ContainerProcessError: it does not listen in time.
        """
        if self.is_running():
            return
        ports = {**free_ports(self.record_file, ("edge", "admin"))}
        ports |= {"service": service.port("port"), "grpc": service.port("grpc")}
        self.workspace.prepare()
        self.folder.mkdir(exist_ok=True, mode=0o700)
        shutil.copyfile(RENDERED, self.manifests)
        options = [
            *("--envoy", str(environment.ENVOY), "--manifests", str(self.manifests)),
            *("--folder", str(self.folder), "--ports", json.dumps(ports)),
            *("--endpoint", endpoint),
            *("--mark", processes.workspace_option(self.workspace.root)),
        ]
        if read_record(self.workspace.trace_receiver_record):
            options += ["--spans", str(TraceReceiver(self.workspace).port)]
        module = "tools.emulator.partners.run_gateway"
        child = self.launch(module, options, ports, {}, python=sys.executable)
        self.wait(child, lambda: listens(ports["edge"]))
