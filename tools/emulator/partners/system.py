"""Partners as it runs offline: its secrets, the service, and the gateway before it."""

from __future__ import annotations

import json
import secrets
import signal
from collections.abc import Mapping, MutableMapping
from typing import Any

from contracts.product import PRODUCT
from tools.base.endpoint import Cloud
from tools.base.partners_key import key_of_partners
from tools.base.workspace import Workspace, write_private
from tools.emulator.emulator import Emulator
from tools.emulator.loopback_guard import HOST
from tools.emulator.mesh.system import MeshSystem
from tools.emulator.partners.processes import PartnersGateway, PartnersService
from tools.emulator.pricing.configuration import OFFLINE
from tools.emulator.pricing.envoy import PricingEnvoy

NAME = "partners"
GATEWAY_KEYS = f"{PRODUCT}/{OFFLINE}/{NAME}/gateway-keys"
"""The secret, as manifests have it."""
UPSTREAMS = {
    "ORDERS_URL": "orders",
    "ORDER_VIEWS_URL": "order-views",
    "CUSTOMERS_URL": "customers",
    "WEBHOOKS_URL": "webhooks",
}
"""Which service's API each variable names, as `k8s/base/partners/addresses.yaml` has it."""
CONSUMERS = ("northwind", "tailspin")


class PartnersSystem:
    """``PartnersSystem(workspace).start(outputs)`` starts what does not run yet."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.service = PartnersService(workspace)
        self.gateway = PartnersGateway(workspace)
        self.mesh = MeshSystem(workspace)

    def start(self, outputs: Mapping[str, Any]) -> None:
        """Pricing runs already; ``outputs`` name the other services.

        Raises:
            ContainerProcessError: something did not start.
        """
        cloud = Emulator.of(self.workspace).cloud
        self.service.folder.mkdir(exist_ok=True, mode=0o700)
        self.keys(cloud)
        client = machine_client(outputs["services"], cloud)
        write_private(self.service.machine_client, json.dumps(client))
        self.mesh.start(outputs["services"], cloud)
        self.service.start(self.whom_it_calls(outputs["services"]))
        self.gateway.start(self.service, cloud.endpoint)

    def whom_it_calls(self, services: Mapping[str, Any]) -> dict[str, str]:
        """The service's environment variables that name others."""
        pricing = PricingEnvoy(self.workspace)
        return {
            "PRICING_HOST": f"{HOST}:{pricing.port('mutual')}",
            "AVAILABILITY_HOST": self.mesh.host,
            "MESH_CERTIFICATES": str(pricing.folder),
            **{name: services[of]["urls"]["Api"] for name, of in UPSTREAMS.items()},
        }

    def keys(self, cloud: Cloud) -> dict[str, str]:
        """Consumers' keys; they are made up when there are none."""
        client = cloud.client("secretsmanager")
        try:
            kept = client.get_secret_value(SecretId=GATEWAY_KEYS)["SecretString"]
        except client.exceptions.ResourceNotFoundException:
            kept = json.dumps({it: secrets.token_urlsafe(32) for it in CONSUMERS})
            client.create_secret(Name=GATEWAY_KEYS, SecretString=kept)
        found: dict[str, str] = json.loads(kept)
        return found

    def replace_keys(self, cloud: Cloud, keys: Mapping[str, str]) -> None:
        """What the secret holds from now on; the gateway follows a moment later."""
        client = cloud.client("secretsmanager")
        client.put_secret_value(SecretId=GATEWAY_KEYS, SecretString=json.dumps(dict(keys)))

    def kill(self) -> None:
        """End all of it at once; nothing drains."""
        for process in (self.gateway, self.service):
            process.stop(signal.SIGKILL)
            process.wait_until_gone()
        self.mesh.kill()

    def show(self, outputs: MutableMapping[str, Any]) -> None:
        """Write its address into what `.local/outputs.json` holds."""
        service = outputs["services"].setdefault(NAME, {"urls": {}})
        service["urls"]["Gateway"] = f"{self.gateway.url}/"
        service["secrets"] = {"GatewayKeys": GATEWAY_KEYS}


def machine_client(services: Mapping[str, Any], cloud: Cloud) -> dict[str, str]:
    """What the secret of the machine client holds on AWS, where an operator puts it."""
    identity = services["identity"]
    (pool,) = identity["user_pools"].values()
    client_id = identity["user_pool_clients"]["Users/MachineClient"]
    found = cloud.client("cognito-idp").describe_user_pool_client(
        UserPoolId=pool, ClientId=client_id
    )
    return {
        "client_id": client_id,
        "secret": found["UserPoolClient"]["ClientSecret"],
        "token_url": f"{cloud.endpoint}/oauth2/token",
        "api_key": key_of_partners(cloud),
    }
