"""A stack that one team owns: tagged, with a key of its own, found through SSM parameters."""

from typing import Any

from aws_cdk import Stack, Tags
from aws_cdk import aws_kms as kms
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from contracts.product import PRODUCT, PRODUCT_TITLE
from stacks.constructs.acknowledgment import acknowledge_everywhere
from stacks.services import Service
from stacks.stage import Stage


class ServiceStack(Stack):
    """Everything that a service owns goes here, and nothing that another service owns.

    ``needs`` are the services whose stacks must be there before this one: those whose resources it
    finds, and those that it says it ``comes_after``. ``calls`` are routes of its API by the event
    that a call of them appends; ``redriven`` the addresses of its queues and of their dead letters.
    """

    def __init__(self, scope: Construct, service: Service, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(
            scope,
            service.stack_name(stage.name),
            description=f"{PRODUCT_TITLE}: {service.purpose}",
            termination_protection=stage.protected or service.of_every_environment,
            **kwargs,
        )
        self.service = service.name
        self.stage = stage
        self.published: dict[str, str] = {}
        self.calls: dict[str, str] = {}
        self.redriven: dict[str, dict[str, str]] = {}
        self.found: set[tuple[str, str]] = set()
        self.needs: set[str] = set()
        Tags.of(self).add("system", PRODUCT)
        Tags.of(self).add("service", service.name)
        Tags.of(self).add("owner", service.owner)
        place = "all" if service.of_every_environment else stage.name
        Tags.of(self).add("environment", place)
        acknowledge_everywhere(self)

    @classmethod
    def is_in(cls, stage: Stage) -> bool:
        """Whether the environment has such a stack."""
        return True

    @classmethod
    def region_in(cls, stage: Stage) -> str:
        """Where the stack is in an environment that has it."""
        return stage.region

    def make_key(self) -> kms.Key:
        """The key under which this service keeps its data."""
        return kms.Key(
            self,
            "Key",
            alias=self.stage.key_alias(self.service),
            description=f"Data of {self.service}",
            enable_key_rotation=True,
            removal_policy=self.stage.removal_policy,
        )

    def publish(self, resource: str, value: str) -> None:
        """Let other services find a resource, such as ``event-stream-arn``."""
        self.published[resource] = value
        ssm.StringParameter(
            self,
            f"Parameter-{resource}",
            parameter_name=self.stage.parameter(self.service, resource),
            string_value=value,
        )

    def find(self, service: str, resource: str) -> str:
        """A resource that another service published, read when this stack is deployed."""
        self.found.add((service, resource))
        self.comes_after(service)
        return ssm.StringParameter.value_for_string_parameter(
            self, self.stage.parameter(service, resource)
        )

    def comes_after(self, service: str) -> None:
        """Have another service's stack deployed before, for what no parameter tells."""
        self.needs.add(service)
