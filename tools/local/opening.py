"""What a fresh deployment needs before its first order: stock, and keys the providers know."""

from __future__ import annotations

import json

from contracts.product import PRODUCT
from tools.base.endpoint import Cloud
from tools.base.errors import DeploymentError
from tools.base.workspace import CHECKOUT
from tools.emulator.payment_provider import PaymentProvider
from tools.emulator.payment_provider.process import Name

SEED = CHECKOUT / "lambdas" / "inventory" / "seed.json"
KEYS: dict[Name, str] = {
    "primary": "payments/provider-key-secret-arn",
    "backup": "payments/backup-provider-key-secret-arn",
}


def stock_the_shelves(cloud: Cloud, *, environment: str) -> None:
    """Deliver the opening stock; a deployment that has had it gets nothing more.

    Raises:
        DeploymentError: inventory did not take it.
    """
    answer = cloud.client("lambda").invoke(
        FunctionName=_parameter(cloud, environment, "inventory/restock-arn"),
        Payload=SEED.read_bytes(),
    )
    if "FunctionError" in answer:
        said = json.loads(answer["Payload"].read())
        raise DeploymentError(f"inventory did not take its opening stock: {said}")


def introduce_to_payments(provider: PaymentProvider, cloud: Cloud, *, environment: str) -> None:
    """Let a provider accept the key that its deployed secret holds, which is then made up no more.

    A real provider issues its keys, and an operator puts the first one into the secret.
    """
    secrets = cloud.client("secretsmanager")
    arn = _parameter(cloud, environment, KEYS[provider.name])
    held = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
    provider.issue_key(held["api_key"])
    if held.get("made_up"):
        secrets.put_secret_value(
            SecretId=arn, SecretString=json.dumps({"api_key": held["api_key"]})
        )


def _parameter(cloud: Cloud, environment: str, resource: str) -> str:
    name = f"/{PRODUCT}/{environment}/{resource}"
    return cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
