"""Pricing's place in the service network: who may call it, and which tasks get which share.

ECS owns the weights of the two rules while it deploys: nothing else writes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_vpclattice as lattice

from contracts.product import PRODUCT
from stacks.constructs.service_in_network import ServiceInTheNetwork
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


class PricingInTheNetwork(ServiceInTheNetwork):
    """Pricing's tasks, of two versions while one follows the other.

    ``callers`` are names of roles that may call it; names may end in ``*``.
    """

    def __init__(self, stack: ServiceStack, *, vpc_id: str, callers: list[str]) -> None:
        super().__init__(stack, callers=callers)
        self._vpc_id = vpc_id
        self.shifted = (
            self._shift("grpc", GRPC, "GRPC", GRPC_SERVICE, first=10),
            self._shift("rest", REST, "HTTP1", "/v1/", first=20),
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
            listener_identifier=self.listener.attr_arn,
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
