"""A REST API for other companies' systems: a key and a usage plan for each caller."""

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_

from contracts.product import PRODUCT
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.service_api import RegionalApi
from stacks.constructs.service_stack import ServiceStack


class KeyedApi(RegionalApi):
    """Add methods with ``route`` and callers with ``add_caller``."""

    def __init__(self, stack: ServiceStack, *, rate: int, burst: int) -> None:
        super().__init__(
            stack, rate=rate, burst=burst, log_caller={"api_key_id": "$context.identity.apiKeyId"}
        )

    def route(self, method: str, path: str, function: lambda_.Function) -> None:
        """Send a method of a path to a function; callers bring their key as ``x-api-key``."""
        added = self._add(
            method,
            path,
            function,
            authorization_type=apigateway.AuthorizationType.NONE,
            api_key_required=True,
        )
        for each in added:
            acknowledge(
                each,
                "The callers are other companies' systems, which are in no user pool: each has a "
                "key with a plan of its own, and the function refuses one caller the name of "
                "another.",
                "AwsSolutions-APIG4",
                "AwsSolutions-COG4",
            )

    def add_caller(self, id: str, name: str, *, rate: int, burst: int, per_day: int) -> str:
        """Make a caller's key and the plan that limits it; returns the key's id."""
        key = apigateway.ApiKey(
            self._stack,
            f"{id}Key",
            api_key_name=f"{PRODUCT}-{self._stack.stage.name}-{self._stack.service}-{name}",
            description=f"For {name} to call {self._stack.service}",
        )
        self.limit(id, name, key, rate=rate, burst=burst, per_day=per_day)
        return key.key_id
