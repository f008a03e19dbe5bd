"""A fault for each thing that rules allow the cluster alone, planted into copies of templates."""

from tests.infra.planted_faults import Body, Plant, allow, body, remove, set_property
from tests.infra.rules import Rule, permissions, places, secrets
from tests.infra.system import System

CLUSTER = "cluster"
ROLE = "AWS::IAM::Role"
SECRET = "AWS::SecretsManager::Secret"
IDENTITY = "AWS::EKS::PodIdentityAssociation"
BY_HAND = {"Key": "replaced", "Value": "by-hand"}


def replace_by_hand(system: System) -> None:
    """Another service's secret says that its other half is somewhere else."""
    secret: Body = body(system, "payments", SECRET)["Properties"]
    secret["Tags"] = [*secret.get("Tags", []), BY_HAND]


def replace_never(system: System) -> None:
    """A secret of the cluster does not say that it is replaced by hand."""
    secret: Body = body(system, CLUSTER, SECRET, "SecretsMachineClient")["Properties"]
    secret["Tags"] = [it for it in secret["Tags"] if it != BY_HAND]


def take_pods_for_any_account(system: System) -> None:
    """Pods of a cluster somewhere else take the role."""
    role: Body = body(system, CLUSTER, ROLE, "PodsPartners")["Properties"]
    for statement in role["AssumeRolePolicyDocument"]["Statement"]:
        statement.pop("Condition", None)


def trust(principal: str, role: str) -> Plant:
    """Another service of AWS takes the role."""

    def plant(system: System) -> None:
        found: Body = body(system, CLUSTER, ROLE, role)["Properties"]
        for statement in found["AssumeRolePolicyDocument"]["Statement"]:
            statement["Principal"] = {"Service": principal}

    return plant


def read_without_the_key(system: System) -> None:
    """A pod reads a secret that it cannot decrypt."""
    policy: Body = body(system, CLUSTER, "AWS::IAM::Policy", "PodsPartners")["Properties"]
    statements = policy["PolicyDocument"]["Statement"]
    policy["PolicyDocument"]["Statement"] = [
        it for it in statements if it["Action"] != "kms:Decrypt"
    ]


def admit_a_stranger(system: System) -> None:
    """A secret's policy admits a pod that does not read it."""
    type = "AWS::SecretsManager::ResourcePolicy"
    policy: Body = body(system, CLUSTER, type, "SecretsPolicymachineclient")["Properties"]
    (statement,) = policy["ResourcePolicy"]["Statement"]
    statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"] = [
        "arn:aws:iam::123456789012:role/somebody-else"
    ]


PLANTED: tuple[tuple[Rule, str, Plant], ...] = (
    (
        secrets.every_secret_is_replaced_every_month,
        "by hand, and not the cluster's",
        replace_by_hand,
    ),
    (
        secrets.every_secret_is_replaced_every_month,
        "the cluster's, and nobody says by hand",
        replace_never,
    ),
    (
        secrets.every_secret_is_under_its_services_key,
        "the cluster's under the account's key",
        set_property(CLUSTER, SECRET, "KmsKeyId", None, "SecretsMachineClient"),
    ),
    (
        secrets.a_secret_refuses_everybody_but_its_readers,
        "a pod that does not read it",
        admit_a_stranger,
    ),
    (
        secrets.whoever_reads_a_secret_may_use_its_key_and_reads_no_other,
        "a pod without the key",
        read_without_the_key,
    ),
    (
        secrets.whoever_reads_a_secret_may_use_its_key_and_reads_no_other,
        "a role that no pod has",
        remove(CLUSTER, IDENTITY, "PodsPartners"),
    ),
    (
        permissions.a_star_needs_a_reason,
        "the controller of the mesh starts machines",
        allow(CLUSTER, "PodsLatticeController", "ec2:RunInstances", "*"),
    ),
    (
        permissions.a_star_needs_a_reason,
        "the build passes every role",
        allow(CLUSTER, "BootstrapRole", "iam:PassRole", "*"),
    ),
    (
        permissions.only_the_meshs_controller_may_all_of_a_service,
        "the controller may all of EC2, too",
        allow(CLUSTER, "PodsLatticeController", "ec2:*", "arn:aws:ec2:eu-west-1:123456789012:*"),
    ),
    (
        permissions.only_the_meshs_controller_may_all_of_a_service,
        "partners may all of the mesh, too",
        allow(CLUSTER, "PodsPartners", "vpc-lattice:*", "arn:aws:vpc-lattice:eu-west-1:1:*"),
    ),
    (
        permissions.services_take_roles_for_this_account_only,
        "pods of any account",
        take_pods_for_any_account,
    ),
    (
        places.nothing_names_another_place,
        "a principal of the cluster that is none",
        trust("nodes.eks.amazonaws.com", "PodsPartners"),
    ),
)
