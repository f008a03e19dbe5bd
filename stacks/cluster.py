"""Cluster: EKS in Auto Mode, and what its pods may do; git says what runs there (`k8s/`)."""

from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from contracts.product import PRODUCT
from stacks.cluster_argocd import reconcile_by_capability, reconcile_from_a_build
from stacks.cluster_pods import Pods
from stacks.cluster_secrets import PartnersSecrets
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.found_network import found_vpc
from stacks.constructs.service_principal import service_of_this_account
from stacks.constructs.service_stack import ServiceStack
from stacks.services import Service
from stacks.stage import Stage

SERVICE = Service(
    name="cluster",
    owner="platform",
    purpose="Kubernetes for services behind Kong, reconciled to git",
    also_owns=("k8s/", "containers/partners/"),
)
VERSION = eks.KubernetesVersion.V1_35
OF_CONTROL_PLANE = (
    "AmazonEKSClusterPolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)
OF_NODES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryReadOnly")
BY_NAME = (
    "Auto Mode needs these policies of AWS by name, and AWS widens them when it learns to do more "
    "for the cluster."
)
IDENTITY_CENTER = "identity_center_arn"
"""The context value that names an instance of IAM Identity Center: Argo CD is AWS's then."""


class ClusterStack(ServiceStack):
    """Its endpoint is private, nobody is its administrator by having made it, and no function of
    ours talks to it: Argo CD reconciles it.

    Published: ``cluster-name``, and ``partners-images-name`` for what pushes and pins images.
    """

    def __init__(self, scope: Construct, *, stage: Stage, **kwargs: Any) -> None:
        super().__init__(scope, SERVICE, stage=stage, **kwargs)
        self.key = self.make_key()
        self.cluster_name = f"{PRODUCT}-{stage.name}"
        self.vpc = found_vpc(self)
        self.cluster = self._make_cluster()
        secrets = PartnersSecrets(self, key=self.key)
        self.pods = Pods(
            self, cluster_name=self.cluster.cluster_name, secrets=secrets, key=self.key
        )
        self._reconcile()
        self.publish("cluster-name", self.cluster.cluster_name)

    @classmethod
    def is_in(cls, stage: Stage) -> bool:
        return stage.containers

    def _make_cluster(self) -> eks.Cluster:
        """Control-plane logs are kept as long as all others: EKS alone would keep them for ever."""
        kept = logs.LogGroup(
            self,
            "ControlPlaneLogs",
            log_group_name=f"/aws/eks/{self.cluster_name}/cluster",
            retention=self.stage.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        cluster = eks.Cluster(
            self,
            "Cluster",
            cluster_name=self.cluster_name,
            role=self._control_plane(),
            version=VERSION,
            vpc=self.vpc,
            vpc_subnets=[ec2.SubnetSelection(subnets=self.vpc.private_subnets)],
            endpoint_access=eks.EndpointAccess.PRIVATE,
            secrets_encryption_key=self.key,
            bootstrap_cluster_creator_admin_permissions=False,
            default_capacity_type=eks.DefaultCapacityType.AUTOMODE,
            # Pools for services are manifests (`k8s/base/platform/nodes.yaml`); this one is AWS's.
            compute=eks.ComputeConfig(node_pools=["system"]),
            cluster_logging=[
                eks.ClusterLoggingTypes.API,
                eks.ClusterLoggingTypes.AUDIT,
                eks.ClusterLoggingTypes.AUTHENTICATOR,
                eks.ClusterLoggingTypes.CONTROLLER_MANAGER,
                eks.ClusterLoggingTypes.SCHEDULER,
            ],
            output_config_command=False,
        )
        cluster.node.add_dependency(kept)
        # What would wait for functions that talk to the cluster: there are none.
        cluster.node.try_remove_child("KubectlReadyBarrier")
        acknowledge(
            cluster,
            "The subnets are the network's own, which gives them the tags for load balancers.",
            "Annotation::@aws-cdk/aws-eks:clusterMustManuallyTagSubnet",
        )
        acknowledge(cluster, BY_NAME, *map(_managed, OF_NODES))
        eks.AccessEntry(
            self,
            "Operators",
            cluster=cluster,  # type: ignore[arg-type] # jsii's own class lacks a member of its protocol
            principal=self._operators().role_arn,
            access_policies=[
                eks.AccessPolicy.from_access_policy_name(
                    "AmazonEKSViewPolicy", access_scope_type=eks.AccessScopeType.CLUSTER
                )
            ],
        )
        return cluster

    def _control_plane(self) -> iam.Role:
        """EKS's own, for this account's clusters alone; and the key, for Kubernetes' Secrets."""
        role = iam.Role(
            self,
            "ControlPlane",
            description="EKS, for the control plane and Auto Mode",
            assumed_by=iam.SessionTagsPrincipal(service_of_this_account(self, "eks.amazonaws.com")),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name(it) for it in OF_CONTROL_PLANE
            ],
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey", "kms:CreateGrant"],
                resources=[self.key.key_arn],
            )
        )
        acknowledge(role, BY_NAME, *map(_managed, OF_CONTROL_PLANE))
        return role

    def _operators(self) -> iam.Role:
        """Whoever in this account may take it looks at the cluster, and changes nothing there."""
        return iam.Role(
            self,
            "OperatorsRole",
            role_name=self.stage.role_name(self.service, "Operators"),
            description="Looks at the cluster; git changes it",
            assumed_by=iam.AccountPrincipal(self.account),
        )

    def _reconcile(self) -> None:
        instance = self.node.try_get_context(IDENTITY_CENTER)
        if instance:
            reconcile_by_capability(self, self.cluster, identity_center=str(instance))
        else:
            reconcile_from_a_build(self, self.cluster, vpc=self.vpc, key=self.key)


def _managed(policy: str) -> str:
    return f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{policy}]"
