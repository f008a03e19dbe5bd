"""Who reconciles the cluster to git: Argo CD, kept by AWS or started once by a build in the VPC."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks as eks_l1
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs

from contracts.product import PRODUCT
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.service_principal import service_of_this_account
from stacks.constructs.service_stack import ServiceStack

ARGOCD = "v3.2.0"
"""The version that the build installs; from then on Argo CD keeps itself as git says."""
_INSTALL = "https://raw.githubusercontent.com/argoproj/argo-cd/{version}/manifests/ha/install.yaml"
REPOSITORY = f"https://github.com/{PRODUCT}/{PRODUCT}.git"


def reconcile_by_capability(
    stack: ServiceStack, cluster: eks.Cluster, *, identity_center: str
) -> None:
    """AWS runs Argo CD outside the cluster; people log in by IAM Identity Center."""
    role = iam.Role(
        stack,
        "ArgoCdRole",
        description="Argo CD as AWS runs it",
        assumed_by=service_of_this_account(stack, "capabilities.eks.amazonaws.com"),
    )
    eks_l1.CfnCapability(
        stack,
        "ArgoCd",
        capability_name="argocd",
        cluster_name=cluster.cluster_name,
        type="ARGOCD",
        role_arn=role.role_arn,
        delete_propagation_policy="RETAIN",
        configuration=eks_l1.CfnCapability.CapabilityConfigurationProperty(
            argo_cd=eks_l1.CfnCapability.ArgoCdProperty(
                aws_idc=eks_l1.CfnCapability.AwsIdcProperty(idc_instance_arn=identity_center),
                namespace="argocd",
            )
        ),
    )
    _administrates(stack, cluster, "ArgoCdAccess", role)


def reconcile_from_a_build(
    stack: ServiceStack, cluster: eks.Cluster, *, vpc: ec2.IVpc, key: kms.Key
) -> None:
    """A project that an operator starts once: the endpoint is private, and so is the build."""
    guard = ec2.SecurityGroup(
        stack,
        "BootstrapGuard",
        vpc=vpc,
        description="The build that starts Argo CD: it calls, and nobody calls it",
        allow_all_outbound=False,
    )
    guard.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "the cluster, AWS and git by TLS")
    kept = logs.LogGroup(
        stack,
        "BootstrapLogs",
        retention=stack.stage.log_retention,
        removal_policy=RemovalPolicy.DESTROY,
    )
    role = _role_of_the_build(stack, cluster, kept, vpc, guard)
    codebuild.CfnProject(
        stack,
        "Bootstrap",
        description="Starts Argo CD, and tells it which folder of git this stage is",
        service_role=role.role_arn,
        encryption_key=key.key_arn,
        timeout_in_minutes=20,
        artifacts=codebuild.CfnProject.ArtifactsProperty(type="NO_ARTIFACTS"),
        source=codebuild.CfnProject.SourceProperty(
            type="NO_SOURCE", build_spec=stack.to_json_string(_steps(stack, cluster))
        ),
        environment=codebuild.CfnProject.EnvironmentProperty(
            type="ARM_CONTAINER",
            compute_type="BUILD_GENERAL1_SMALL",
            image="aws/codebuild/amazonlinux-aarch64-standard:3.0",
            privileged_mode=False,
        ),
        logs_config=codebuild.CfnProject.LogsConfigProperty(
            cloud_watch_logs=codebuild.CfnProject.CloudWatchLogsConfigProperty(
                status="ENABLED", group_name=kept.log_group_name
            )
        ),
        vpc_config=codebuild.CfnProject.VpcConfigProperty(
            vpc_id=vpc.vpc_id,
            subnets=[it.subnet_id for it in vpc.private_subnets],
            security_group_ids=[guard.security_group_id],
        ),
    ).node.add_dependency(role)
    cluster.connections.allow_from(guard, ec2.Port.tcp(443), "the build that starts Argo CD")
    _administrates(stack, cluster, "BootstrapAccess", role)


def _role_of_the_build(
    stack: ServiceStack,
    cluster: eks.Cluster,
    kept: logs.LogGroup,
    vpc: ec2.IVpc,
    guard: ec2.SecurityGroup,
) -> iam.Role:
    role = iam.Role(
        stack,
        "BootstrapRole",
        role_name=stack.stage.role_name(stack.service, "Bootstrap"),
        description="The build that starts Argo CD",
        assumed_by=service_of_this_account(stack, "codebuild.amazonaws.com"),
    )
    kept.grant_write(role)
    role.add_to_policy(
        iam.PolicyStatement(actions=["eks:DescribeCluster"], resources=[cluster.cluster_arn])
    )
    place = f"arn:{stack.partition}:ec2:{stack.region}"
    interfaces = f"{place}:{stack.account}:network-interface/*"
    role.add_to_policy(
        iam.PolicyStatement(
            actions=[
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            resources=["*"],  # EC2 knows no resource for looking
        )
    )
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["ec2:CreateNetworkInterface"],
            resources=[
                interfaces,
                f"{place}:{stack.account}:security-group/{guard.security_group_id}",
                *(f"{place}:{stack.account}:subnet/{it.subnet_id}" for it in vpc.private_subnets),
            ],
        )
    )
    role.add_to_policy(
        iam.PolicyStatement(actions=["ec2:DeleteNetworkInterface"], resources=[interfaces])
    )
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["ec2:CreateNetworkInterfacePermission"],
            resources=[interfaces],
            conditions={"StringEquals": {"ec2:AuthorizedService": "codebuild.amazonaws.com"}},
        )
    )
    acknowledge(
        role,
        "A build in a VPC makes network interfaces, which have no name before they are made.",
        "AwsSolutions-IAM5[Resource::*]",
        f"AwsSolutions-IAM5[Resource::{place}:<AWS::AccountId>:network-interface/*]",
    )
    return role


def _steps(stack: ServiceStack, cluster: eks.Cluster) -> dict[str, object]:
    return {
        "version": "0.2",
        "env": {"variables": {"REPOSITORY": REPOSITORY, "STAGE": stack.stage.name}},
        "phases": {
            "build": {
                "commands": [
                    f"aws eks update-kubeconfig --name {cluster.cluster_name}",
                    'git clone --depth 1 "$REPOSITORY" checkout',
                    "kubectl create namespace argocd --dry-run=client -o yaml "
                    "| kubectl apply --server-side -f -",
                    "kubectl apply --server-side --namespace argocd -f "
                    + _INSTALL.format(version=ARGOCD),
                    'kubectl apply --server-side --kustomize "checkout/k8s/argocd/$STAGE"',
                ]
            }
        },
    }


def _administrates(stack: ServiceStack, cluster: eks.Cluster, id: str, role: iam.IRole) -> None:
    """Whoever reconciles everything may change everything, in this cluster and nowhere else."""
    eks.AccessEntry(
        stack,
        id,
        cluster=cluster,  # type: ignore[arg-type] # jsii's own class lacks a member of its protocol
        principal=role.role_arn,
        access_policies=[
            eks.AccessPolicy.from_access_policy_name(
                "AmazonEKSClusterAdminPolicy", access_scope_type=eks.AccessScopeType.CLUSTER
            )
        ],
    )
