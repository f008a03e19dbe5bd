"""Network: what containers stand in: a VPC, the Lattice service network, a registry of images."""

from typing import Any

from aws_cdk import Fn, RemovalPolicy, Tags
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_vpclattice as lattice
from constructs import Construct

from contracts.product import PRODUCT
from stacks.constructs.found_network import ZONES
from stacks.constructs.service_principal import service_of_this_account
from stacks.constructs.service_stack import ServiceStack
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="network",
    owner="platform",
    purpose="what containers stand in: VPC, service network, registry",
)
ADDRESSES = "10.64.0.0/16"
IMAGES_OF = ("pricing",)
"""Services whose images are kept here: an image has to be there before a task asks for it."""
IMAGES_KEPT = 20


class NetworkStack(ServiceStack):
    """Tasks have private addresses in two zones; services call each other through Lattice.

    Published: ``vpc-id``, ``private-subnet-1-id`` and ``-2-id``, ``service-network-id``, and for
    each of IMAGES_OF ``{service}-images-name``.
    """

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.key = self.make_key()
        self.vpc = self._make_vpc()
        self._log_flows()
        self._make_service_network()
        for service in IMAGES_OF:
            self._keep_images(service)

    @classmethod
    def is_in(cls, stage: Stage) -> bool:
        return stage.containers

    def _make_vpc(self) -> ec2.Vpc:
        """The way out is NAT, which costs less than the endpoints that would replace it.

        Development has one gateway; elsewhere a zone that fails takes none of the others with it.
        """
        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(ADDRESSES),
            availability_zones=[Fn.select(n, Fn.get_azs()) for n in range(ZONES)],
            nat_gateways=1 if self.stage.name == "dev" else ZONES,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Public",
                    subnet_type=ec2.SubnetType.PUBLIC,
                    cidr_mask=24,
                    map_public_ip_on_launch=False,
                ),
                ec2.SubnetConfiguration(
                    name="Private",
                    subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS,
                    cidr_mask=20,
                ),
            ],
            # A function of the CDK's would do that, and ask for more rights than this is worth:
            # nothing here uses the default group.
            restrict_default_security_group=False,
            # Layers of images come from S3: this way they cost nothing by the gigabyte.
            gateway_endpoints={
                "Objects": ec2.GatewayVpcEndpointOptions(
                    service=ec2.GatewayVpcEndpointAwsService.S3
                )
            },
        )
        # By these tags the cluster finds subnets for load balancers.
        for subnets, of in ((vpc.public_subnets, "elb"), (vpc.private_subnets, "internal-elb")):
            for subnet in subnets:
                Tags.of(subnet).add(f"kubernetes.io/role/{of}", "1")
        self.publish("vpc-id", vpc.vpc_id)
        for number, subnet in enumerate(vpc.private_subnets, start=1):
            self.publish(f"private-subnet-{number}-id", subnet.subnet_id)
        return vpc

    def _log_flows(self) -> None:
        flows = logs.LogGroup(
            self,
            "Flows",
            retention=self.stage.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            self,
            "FlowsRole",
            description="Lets the VPC say who connected to whom",
            assumed_by=service_of_this_account(self, "vpc-flow-logs.amazonaws.com"),
        )
        self.vpc.add_flow_log(
            "FlowLog",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(flows, role),
            traffic_type=ec2.FlowLogTrafficType.ALL,
        )

    def _make_service_network(self) -> None:
        """Whoever is in the VPC can reach its services; IAM says who may call which."""
        network = lattice.CfnServiceNetwork(
            self, "ServiceNetwork", name=f"{PRODUCT}-{self.stage.name}", auth_type="AWS_IAM"
        )
        lattice.CfnAuthPolicy(
            self,
            "OfThisAccount",
            resource_identifier=network.attr_arn,
            policy={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": self.account},
                        "Action": "vpc-lattice-svcs:Invoke",
                        "Resource": "*",  # in a network's policy: its services
                    }
                ],
            },
        )
        callers = ec2.SecurityGroup(
            self,
            "Callers",
            vpc=self.vpc,
            description="Who may call the service network: the VPC",
            allow_all_outbound=False,
        )
        callers.add_ingress_rule(
            ec2.Peer.ipv4(ADDRESSES), ec2.Port.tcp(443), "services are called by TLS"
        )
        lattice.CfnServiceNetworkVpcAssociation(
            self,
            "InThisVpc",
            service_network_identifier=network.attr_arn,
            vpc_identifier=self.vpc.vpc_id,
            security_group_ids=[callers.security_group_id],
        )
        self.publish("service-network-id", network.attr_id)

    def _keep_images(self, service: str) -> None:
        """A tag is a version and names one image for ever."""
        images = ecr.Repository(
            self,
            f"{service.title().replace('-', '')}Images",
            encryption=ecr.RepositoryEncryption.KMS,
            encryption_key=self.key,
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            lifecycle_rules=[ecr.LifecycleRule(max_image_count=IMAGES_KEPT)],
            removal_policy=self.stage.removal_policy,
        )
        self.publish(f"{service}-images-name", images.repository_name)
