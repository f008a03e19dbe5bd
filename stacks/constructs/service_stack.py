"""A stack that one team owns: tagged, with a key of its own, found through SSM parameters."""

from typing import Any

from aws_cdk import Stack, Tags
from aws_cdk import aws_kms as kms
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from stacks.constructs.acknowledgment import acknowledge_everywhere
from stacks.environment import Environment


class ServiceStack(Stack):
    """Everything that a service owns goes here, and nothing that another service owns.

    ``of_every_environment`` is for what an account has once: such a stack has no environment in
    its name, is made alike by all of them, and can only be deleted by hand.
    """

    def __init__(
        self,
        scope: Construct,
        service: str,
        *,
        environment: Environment,
        owner: str,
        description: str,
        of_every_environment: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            scope,
            f"parcelworks-{service}"
            if of_every_environment
            else f"parcelworks-{environment.name}-{service}",
            description=description,
            termination_protection=environment.protected or of_every_environment,
            **kwargs,
        )
        self.service = service
        self.settings = environment
        Tags.of(self).add("system", "parcelworks")
        Tags.of(self).add("service", service)
        Tags.of(self).add("owner", owner)
        Tags.of(self).add("environment", "all" if of_every_environment else environment.name)
        acknowledge_everywhere(self)

    def make_key(self) -> kms.Key:
        """The key under which this service keeps its data."""
        return kms.Key(
            self,
            "Key",
            alias=self.settings.key_alias(self.service),
            description=f"Data of {self.service}",
            enable_key_rotation=True,
            removal_policy=self.settings.removal_policy,
        )

    def publish(self, resource: str, value: str) -> None:
        """Let other services find a resource, such as ``event-stream-arn``."""
        ssm.StringParameter(
            self,
            f"Parameter-{resource}",
            parameter_name=self.settings.parameter(self.service, resource),
            string_value=value,
        )

    def find(self, service: str, resource: str) -> str:
        """A resource that another service published, read when this stack is deployed."""
        return ssm.StringParameter.value_for_string_parameter(
            self, self.settings.parameter(service, resource)
        )
