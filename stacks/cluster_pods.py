"""What pods may do, by the service account that they have: Pod Identity, and no key anywhere."""

from aws_cdk import Arn, ArnComponents, ArnFormat
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_eks as eks_l1
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.cluster_secrets import CERTIFICATE, KEYS, MACHINE_CLIENT, PartnersSecrets
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.service_stack import ServiceStack

IMAGES_KEPT = 20
PARAMETERS_READ = (
    ("orders", "api-url"),
    ("order-views", "api-url"),
    ("customers", "api-url"),
    ("webhooks", "api-url"),
    ("pricing", "dns-name"),
    ("inventory", "dns-name"),
)
"""Addresses that partners gets from Parameter Store, by service."""
QUOTE = "/shop.pricing.v1.PricingService/Quote"
AVAILABILITY = "/v1/availability"
CALLED = (("pricing", QUOTE), ("inventory", AVAILABILITY))
"""All that partners calls in the mesh: services, and one path of each."""


class Pods(Construct):
    """A role for each service account that calls AWS; manifests name the accounts."""

    def __init__(
        self, stack: ServiceStack, *, cluster_name: str, secrets: PartnersSecrets, key: kms.Key
    ) -> None:
        super().__init__(stack, "Pods")
        self._stack = stack
        self._cluster_name = cluster_name
        self._partners(secrets)
        self._external_secrets(secrets)
        self._lattice_controller()
        self._keep_images(key)

    def _partners(self, secrets: PartnersSecrets) -> None:
        """Its machine client, as a volume; and calls in the mesh, by policies that name it, too."""
        role, name = self._role("Partners", "partners", "partners", "partners", "Pod")
        secrets.read_by(role, name, MACHINE_CLIENT)
        for service, path in CALLED:
            called = self._stack.find(service, "service-arn") + path
            role.add_to_policy(
                iam.PolicyStatement(actions=["vpc-lattice-svcs:Invoke"], resources=[called])
            )

    def _external_secrets(self, secrets: PartnersSecrets) -> None:
        """Copies what Kong reads, and addresses of services; no secret of partners' own."""
        role, name = self._role(
            "ExternalSecrets", "external-secrets", "external-secrets", "cluster", "ExternalSecrets"
        )
        secrets.read_by(role, name, KEYS, CERTIFICATE)
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["ssm:GetParameter"],
                resources=[
                    self._arn(
                        "ssm",
                        "parameter",
                        self._stack.stage.parameter(service, resource).removeprefix("/"),
                    )
                    for service, resource in PARAMETERS_READ
                ],
            )
        )

    def _lattice_controller(self) -> None:
        """Makes services of the mesh of routes: AWS knows no narrower resource for most of it."""
        role, _ = self._role(
            "LatticeController", "lattice", "lattice-controller", "cluster", "Lattice"
        )
        place = f"arn:{self._stack.partition}:vpc-lattice:{self._stack.region}"
        everything = f"{place}:{self._stack.account}:*"
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["vpc-lattice:*"],
                resources=[everything],  # what it makes has names of its own
            )
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeTags"],
                resources=["*"],  # EC2 knows no resource for looking
            )
        )
        acknowledge(
            role,
            "The controller gives its services and target groups names of its own; it works in "
            "this account's Lattice alone, and EC2 knows no resource for looking.",
            "AwsSolutions-IAM5[Action::vpc-lattice:*]",
            "AwsSolutions-IAM5[Resource::*]",
            f"AwsSolutions-IAM5[Resource::{place}:<AWS::AccountId>:*]",
        )

    def _keep_images(self, key: kms.Key) -> None:
        images = ecr.Repository(
            self,
            "PartnersImages",
            encryption=ecr.RepositoryEncryption.KMS,
            encryption_key=key,
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            lifecycle_rules=[ecr.LifecycleRule(max_image_count=IMAGES_KEPT)],
            removal_policy=self._stack.stage.removal_policy,
        )
        self._stack.publish("partners-images-name", images.repository_name)

    def _role(
        self, id: str, namespace: str, account: str, service: str, function: str
    ) -> tuple[iam.Role, str]:
        """A role that pods of one service account in one namespace have, and nobody else."""
        name = self._stack.stage.role_name(service, function)
        role = iam.Role(
            self,
            id,
            role_name=name,
            description=f"Pods of {namespace}/{account}",
            assumed_by=iam.SessionTagsPrincipal(
                iam.ServicePrincipal(
                    "pods.eks.amazonaws.com",
                    conditions={"StringEquals": {"aws:SourceAccount": self._stack.account}},
                )
            ),
        )
        eks_l1.CfnPodIdentityAssociation(
            self,
            f"{id}Identity",
            cluster_name=self._cluster_name,
            namespace=namespace,
            service_account=account,
            role_arn=role.role_arn,
        )
        return role, name

    def _arn(self, service: str, resource: str, name: str) -> str:
        return Arn.format(
            ArnComponents(
                service=service,
                resource=resource,
                resource_name=name,
                arn_format=ArnFormat.SLASH_RESOURCE_NAME,
            ),
            self._stack,
        )
