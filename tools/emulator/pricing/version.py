"""One version of pricing's server, in one of the two slots."""

from __future__ import annotations

from contracts.product import PRODUCT, PRODUCT_TITLE
from tools.base.endpoint import ACCOUNT, REGION, Cloud
from tools.base.records import read_record
from tools.base.workspace import Workspace
from tools.emulator.configuration_agent import ConfigurationAgent
from tools.emulator.container_process import ContainerProcess
from tools.emulator.emulator import Emulator
from tools.emulator.ports import listens
from tools.emulator.pricing.configuration import OFFLINE, PricingConfiguration
from tools.emulator.pricing.envoy import PricingEnvoy
from tools.emulator.trace_receiver import TraceReceiver

MODULE = "tools.emulator.pricing.serve_version"
HEALTH_INTERVAL_SECONDS = 1
"""As often as the offline Envoy looks: a version drains for three of them."""
KEY_SECONDS = "2"
"""Offline a rotation is to be seen soon."""


class PricingVersion(ContainerProcess):
    """``PricingVersion(workspace, "green").start("v2")``; ``stop`` lets it drain."""

    def __init__(self, workspace: Workspace, slot: str) -> None:
        super().__init__(workspace, slot, workspace.pricing)
        self._envoy = PricingEnvoy(workspace)

    def start(
        self,
        version: str,
        fault: str | None = None,
        *,
        wait: bool = True,
        reflection: bool = True,
        health_interval: int = HEALTH_INTERVAL_SECONDS,
    ) -> None:
        """Start a version in this slot; what runs there is ended first.

        Args:
            version: its name, in metrics and log lines.
            fault: what is wrong with it, such as ``errors=0.05``: see ``faults.KINDS``.
            wait: until it listens; its health is Envoy's to judge.
            reflection: whether clients may list services, as in dev.
            health_interval: seconds between two looks of whoever sends calls; it drains for three.

        Raises:
            ContainerProcessError: it does not listen in time, or there is no Envoy.
        """
        if self.is_running():
            self.stop()
            self.wait_until_gone()
        port = self._envoy.port(self.name)
        options = ("--fault", fault) if fault else ()
        environment = self._environment(version, port)
        environment["REFLECTION"] = "yes" if reflection else "no"
        environment["HEALTH_INTERVAL_SECONDS"] = str(health_interval)
        child = self.launch(MODULE, options, {"port": port}, environment)
        if wait:
            self.wait(child, lambda: listens(port))

    def _environment(self, version: str, port: int) -> dict[str, str]:
        cloud = Emulator.of(self.workspace).cloud
        configuration = PricingConfiguration.of(cloud)
        found = {
            "SERVICE": "pricing",
            "RELEASE": version,
            "PORT": str(port),
            "SIGNING_KEY_SECONDS": KEY_SECONDS,
            "METRIC_NAMESPACE": f"{PRODUCT_TITLE}/{OFFLINE}",
            "QUOTE_SIGNING_SECRET_ARN": _secret(cloud),
            "CONFIGURATION_AGENT_URL": ConfigurationAgent(self.workspace).url,
            "CONFIGURATION_APPLICATION": configuration.application,
            "CONFIGURATION_ENVIRONMENT": configuration.environment,
            "CONFIGURATION_POLL_SECONDS": "1",
            "AWS_ENDPOINT_URL": cloud.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "offline",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if read_record(self.workspace.trace_receiver_record):
            url = f"{TraceReceiver(self.workspace).url}/v1/traces"
            found["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = url
        return found


def _secret(cloud: Cloud) -> str:
    name = f"/{PRODUCT}/{OFFLINE}/signing/quote-signing-secret-arn"
    return str(cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
