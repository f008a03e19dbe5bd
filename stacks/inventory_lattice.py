"""Inventory's place in the service network: a function that containers call without a token."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_vpclattice as lattice

from stacks.constructs.microservice_function import MicroserviceFunction
from stacks.constructs.service_in_network import ServiceInTheNetwork
from stacks.constructs.service_stack import ServiceStack

PATH = "/v1/availability"
EVENT_VERSION = "V2"
"""Whose events say who has signed the request."""


class InventoryInTheNetwork(ServiceInTheNetwork):
    """One function as a target. Only ``caller``, the name of a role, may call, and only by GET."""

    def __init__(self, stack: ServiceStack, function: MicroserviceFunction, *, caller: str) -> None:
        only_get = {"StringEquals": {"vpc-lattice-svcs:RequestMethod": "GET"}}
        super().__init__(stack, callers=[caller], asking=only_get)
        target = lattice.CfnTargetGroup(
            self,
            "Target",
            type="LAMBDA",
            config=lattice.CfnTargetGroup.TargetGroupConfigProperty(
                lambda_event_structure_version=EVENT_VERSION
            ),
            targets=[lattice.CfnTargetGroup.TargetProperty(id=function.function_arn)],
        )
        function.add_permission(
            "Lattice",
            principal=iam.ServicePrincipal("vpc-lattice.amazonaws.com"),
            source_arn=target.attr_arn,
            source_account=stack.account,
        )
        lattice.CfnRule(
            self,
            "Rule",
            service_identifier=self.service.attr_arn,
            listener_identifier=self.listener.attr_arn,
            priority=10,
            match=lattice.CfnRule.MatchProperty(
                http_match=lattice.CfnRule.HttpMatchProperty(
                    method="GET",
                    path_match=lattice.CfnRule.PathMatchProperty(
                        match=lattice.CfnRule.PathMatchTypeProperty(exact=PATH)
                    ),
                )
            ),
            action=lattice.CfnRule.ActionProperty(
                forward=lattice.CfnRule.ForwardProperty(
                    target_groups=[
                        lattice.CfnRule.WeightedTargetGroupProperty(
                            target_group_identifier=target.attr_arn, weight=100
                        )
                    ]
                )
            ),
        )
