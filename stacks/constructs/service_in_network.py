"""A service of the VPC Lattice network: who may call it, by TLS alone, and where it is found."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_vpclattice as lattice
from constructs import Construct

from contracts.product import PRODUCT
from stacks.constructs.service_stack import ServiceStack


class ServiceInTheNetwork(Construct):
    """The Lattice service, with IAM's authorization for each request.

    ``callers`` are names of roles that may call it; names may end in ``*``. ``asking`` are further
    conditions. ``dns_name`` is where they find it; what no rule forwards is answered with 404.
    """

    def __init__(
        self, stack: ServiceStack, *, callers: list[str], asking: dict[str, Any] | None = None
    ) -> None:
        super().__init__(stack, "Network")
        self._stack = stack
        self.service = lattice.CfnService(
            self,
            "Service",
            name=f"{PRODUCT}-{stack.stage.name}-{stack.service}",
            auth_type="AWS_IAM",
        )
        lattice.CfnServiceNetworkServiceAssociation(
            self,
            "InTheNetwork",
            service_identifier=self.service.attr_arn,
            service_network_identifier=stack.find("network", "service-network-id"),
        )
        self._admit(callers, asking or {})
        self.listener = lattice.CfnListener(
            self,
            "Listener",
            service_identifier=self.service.attr_arn,
            protocol="HTTPS",
            port=443,
            default_action=lattice.CfnListener.DefaultActionProperty(
                fixed_response=lattice.CfnListener.FixedResponseProperty(status_code=404)
            ),
        )

    @property
    def dns_name(self) -> str:
        name: str = self.service.attr_dns_entry_domain_name
        return name

    def publish(self) -> None:
        """Where callers find it, and what lets them: ``dns-name`` and ``service-arn``."""
        self._stack.publish("dns-name", self.dns_name)
        self._stack.publish("service-arn", self.service.attr_arn)

    def _admit(self, callers: list[str], asking: dict[str, Any]) -> None:
        roles = [role_arn(self._stack, it) for it in callers]
        lattice.CfnAuthPolicy(
            self,
            "Callers",
            resource_identifier=self.service.attr_arn,
            policy={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": self._stack.account},
                        "Action": "vpc-lattice-svcs:Invoke",
                        "Resource": "*",  # in a service's policy: its routes
                        # Roles of later stacks are known by their names.
                        "Condition": {"ArnLike": {"aws:PrincipalArn": roles}, **asking},
                    }
                ],
            },
        )


def role_arn(stack: ServiceStack, name: str) -> str:
    """The ARN of a role of this account by its name, which may end in ``*``."""
    return f"arn:{stack.partition}:iam::{stack.account}:role/{name}"


def may_call(role: iam.IRole, network: ServiceInTheNetwork, path: str) -> None:
    """Let a role of this stack call the service; the service's own policy must name it, too."""
    role.add_to_principal_policy(
        iam.PolicyStatement(
            actions=["vpc-lattice-svcs:Invoke"],
            resources=[f"{network.service.attr_arn}{path}"],
        )
    )
