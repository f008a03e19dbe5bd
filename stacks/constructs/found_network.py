"""The network that services in containers stand in, as stacks other than its own find it."""

from aws_cdk import Fn
from aws_cdk import aws_ec2 as ec2

from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.service_stack import ServiceStack

ZONES = 2
"""Availability zones that the network has subnets in."""


def found_vpc(stack: ServiceStack) -> ec2.IVpc:
    """The VPC with its private subnets, by what the stack `network` publishes."""
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id=stack.find("network", "vpc-id"),
        availability_zones=[Fn.select(n, Fn.get_azs()) for n in range(ZONES)],
        private_subnet_ids=[
            stack.find("network", f"private-subnet-{n + 1}-id") for n in range(ZONES)
        ],
    )
    acknowledge(
        vpc,
        "Nothing of this stack adds a route: the tables of the subnets are the network's own.",
        "Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId",
    )
    return vpc
