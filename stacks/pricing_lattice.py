"""Pricing's place in the service network: who may call it, and which tasks get which share.

ECS owns the weights of the two rules while it deploys: nothing else writes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_vpclattice as lattice
from constructs import Construct

from contracts.product import PRODUCT
from stacks.constructs.service_stack import ServiceStack

GRPC, REST, HEALTH = 8080, 8082, 8081
"""Envoy's ports in a task: Lattice sends gRPC and nothing else to target groups of that kind."""
LATTICE_ADDRESSES = "169.254.171.0/24"
"""Where Lattice's requests come from, in every VPC and region."""
HEALTH_INTERVAL = Duration.seconds(5)
GRPC_SERVICE = "/shop.pricing.v1.PricingService/"
HEALTH_PATH = "/healthz"
TEST_HEADER = f"x-{PRODUCT}-test"
"""Requests with this header go to a new version before anybody else's do."""


@dataclass(frozen=True, slots=True)
class Shifted:
    """A port of the tasks: two target groups, and the rules in which ECS sets their weights."""

    port_name: str
    blue: lattice.CfnTargetGroup
    green: lattice.CfnTargetGroup
    production: lattice.CfnRule
    test: lattice.CfnRule


class PricingInTheNetwork(Construct):
    """The Lattice service, with IAM's authorization for each request.

    ``callers`` are names of roles that may call it; names may end in ``*``. ``dns_name`` is where
    they find it.
    """

    def __init__(self, stack: ServiceStack, *, vpc_id: str, callers: list[str]) -> None:
        super().__init__(stack, "Network")
        self._stack = stack
        self._vpc_id = vpc_id
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
        self._admit(callers)
        self._listener = lattice.CfnListener(
            self,
            "Listener",
            service_identifier=self.service.attr_arn,
            protocol="HTTPS",
            port=443,
            default_action=lattice.CfnListener.DefaultActionProperty(
                fixed_response=lattice.CfnListener.FixedResponseProperty(status_code=404)
            ),
        )
        self.shifted = (
            self._shift("grpc", GRPC, "GRPC", GRPC_SERVICE, first=10),
            self._shift("rest", REST, "HTTP1", "/v1/", first=20),
        )

    @property
    def dns_name(self) -> str:
        name: str = self.service.attr_dns_entry_domain_name
        return name

    def _admit(self, callers: list[str]) -> None:
        stack = self._stack
        roles = [f"arn:{stack.partition}:iam::{stack.account}:role/{it}" for it in callers]
        lattice.CfnAuthPolicy(
            self,
            "Callers",
            resource_identifier=self.service.attr_arn,
            policy={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": stack.account},
                        "Action": "vpc-lattice-svcs:Invoke",
                        "Resource": "*",  # in a service's policy: its routes
                        # Roles of later stacks are known by their names.
                        "Condition": {"ArnLike": {"aws:PrincipalArn": roles}},
                    }
                ],
            },
        )

    def _shift(self, name: str, port: int, version: str, prefix: str, *, first: int) -> Shifted:
        blue, green = (
            self._targets(f"{name}-{color}", port, version) for color in ("blue", "green")
        )
        test = self._rule(f"{name}-test", first, prefix, blue, green, test=True)
        production = self._rule(f"{name}-production", first + 1, prefix, blue, green, test=False)
        return Shifted(name, blue, green, production, test)

    def _targets(self, name: str, port: int, version: str) -> lattice.CfnTargetGroup:
        """ECS registers tasks. Health is asked by HTTP, which Lattice demands for gRPC, too."""
        return lattice.CfnTargetGroup(
            self,
            f"Targets-{name}",
            type="IP",
            config=lattice.CfnTargetGroup.TargetGroupConfigProperty(
                port=port,
                protocol="HTTP",
                protocol_version=version,
                ip_address_type="IPV4",
                vpc_identifier=self._vpc_id,
                health_check=lattice.CfnTargetGroup.HealthCheckConfigProperty(
                    enabled=True,
                    protocol="HTTP",
                    protocol_version="HTTP1",
                    port=HEALTH,
                    path=HEALTH_PATH,
                    health_check_interval_seconds=HEALTH_INTERVAL.to_seconds(),
                    health_check_timeout_seconds=2,
                    healthy_threshold_count=2,
                    unhealthy_threshold_count=3,
                    matcher=lattice.CfnTargetGroup.MatcherProperty(http_code="200"),
                ),
            ),
        )

    def _rule(
        self,
        name: str,
        priority: int,
        prefix: str,
        blue: lattice.CfnTargetGroup,
        green: lattice.CfnTargetGroup,
        *,
        test: bool,
    ) -> lattice.CfnRule:
        """All to blue at first; from then on ECS says."""
        headers: list[Any] = [
            lattice.CfnRule.HeaderMatchProperty(
                name=TEST_HEADER,
                match=lattice.CfnRule.HeaderMatchTypeProperty(exact="yes"),
            )
        ]
        return lattice.CfnRule(
            self,
            f"Rule-{name}",
            service_identifier=self.service.attr_arn,
            listener_identifier=self._listener.attr_arn,
            priority=priority,
            match=lattice.CfnRule.MatchProperty(
                http_match=lattice.CfnRule.HttpMatchProperty(
                    path_match=lattice.CfnRule.PathMatchProperty(
                        match=lattice.CfnRule.PathMatchTypeProperty(prefix=prefix)
                    ),
                    header_matches=headers if test else None,
                )
            ),
            action=lattice.CfnRule.ActionProperty(
                forward=lattice.CfnRule.ForwardProperty(
                    target_groups=[
                        lattice.CfnRule.WeightedTargetGroupProperty(
                            target_group_identifier=group.attr_arn, weight=weight
                        )
                        for group, weight in ((blue, 100), (green, 0))
                    ]
                )
            ),
        )


def may_call(role: iam.IRole, network: PricingInTheNetwork) -> None:
    """Let a role of this stack call the service; the service's own policy must name it, too."""
    role.add_to_principal_policy(
        iam.PolicyStatement(
            actions=["vpc-lattice-svcs:Invoke"],
            resources=[f"{network.service.attr_arn}/v1/quotes"],
        )
    )
