"""A secret as every service keeps one: under its key, for named readers, replaced every month."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.constructs.alarms import alarm_on, alarm_when_counted
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.schedule import keep_failed_runs
from stacks.constructs.service_stack import ServiceStack

READ = "secretsmanager:GetSecretValue"


def read_by_these_alone(role_arns: Sequence[str]) -> dict[str, Any]:
    """A secret's policy that refuses to tell its value to anybody else."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": READ,
                "Resource": "*",  # in a secret's policy: this secret
                "Condition": {"ArnNotLike": {"aws:PrincipalArn": list(role_arns)}},
            }
        ],
    }


class RotatedSecret(Construct):
    """``arn`` names it; ``rotation`` is the function that replaces it every ``every``.

    Nobody reads it but the functions that are named, whatever else their roles allow. The first
    value is made up: `{field: random text}`, with what ``template`` holds beside it.
    """

    def __init__(
        self,
        stack: ServiceStack,
        id: str,
        *,
        key: kms.Key,
        description: str,
        field: str,
        handler: str,
        environment: Mapping[str, str] | None = None,
        every: Duration | None = None,
        template: str = "{}",
    ) -> None:
        super().__init__(stack, id)
        self.stack = stack
        self.key = key
        self._readers: list[str] = []
        self._secret = secretsmanager.Secret(
            self,
            "Secret",
            description=description,
            encryption_key=key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=template,
                generate_string_key=field,
                password_length=48,
                exclude_punctuation=True,
            ),
            removal_policy=stack.stage.removal_policy,
        )
        resource = self._secret.node.default_child
        assert isinstance(resource, secretsmanager.CfnSecret)
        self.arn = resource.attr_id
        self._policy = secretsmanager.CfnResourcePolicy(
            self,
            "Policy",
            secret_id=self._secret.secret_arn,
            block_public_policy=True,
            resource_policy={},
        )
        self.rotation = self._rotate(handler, environment or {}, every or Duration.days(30))
        self._tell_when_a_rotation_fails()

    def read_by(self, function: MicroserviceFunction) -> None:
        """Let a function of the same service read it."""
        self._admit(self.stack.stage.role_name(self.stack.service, function.node.id))
        grant(function, READ, on=self.arn)
        grant(function, "kms:Decrypt", on=self.key.key_arn)

    def given_at_the_start(self, execution_role: iam.IRole, field: str) -> ecs.Secret:
        """For a container's ``Secrets``: ECS reads it when a task of this service begins, with its
        role ``Execution``, and puts it into the container's environment.
        """
        self._admit(self.stack.stage.role_name(self.stack.service, "Execution"))
        execution_role.add_to_principal_policy(
            iam.PolicyStatement(actions=["kms:Decrypt"], resources=[self.key.key_arn])
        )
        return ecs.Secret.from_secrets_manager(self._secret, field)

    def let_read(self, *role_names: str) -> None:
        """Let roles of later stacks read it that call ``may_read``; names may end in ``*``.

        Their stacks come later, so the policies name them by the reserved beginning of their names.
        """
        self._admit(*role_names)
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt"],
                principals=[iam.AccountPrincipal(self.stack.account)],
                resources=["*"],  # in a key's policy: this key
                conditions={
                    "ArnLike": {"aws:PrincipalArn": [self._role_arn(name) for name in role_names]},
                    # KMS says so itself; its domain ends otherwise in other partitions.
                    "StringLike": {
                        "kms:ViaService": f"secretsmanager.{self.stack.region}.amazonaws.*"
                    },
                },
            )
        )

    def publish(self, name: str) -> None:
        """Let other services find the secret and its key."""
        self.stack.publish(f"{name}-secret-arn", self.arn)
        self.stack.publish(f"{name}-key-arn", self.key.key_arn)

    def _rotate(
        self, handler: str, environment: Mapping[str, str], every: Duration
    ) -> MicroserviceFunction:
        rotation = MicroserviceFunction(
            self.stack,
            f"{self.node.id}Rotation",
            handler=handler,
            description=f"Takes the steps by which {self.node.id} is replaced",
            environment=environment,
            timeout=Duration.seconds(30),
        )
        # Secrets Manager repeats a step that failed; nobody else does.
        keep_failed_runs(rotation, key=self.key, max_event_age=Duration.hours(1))
        self.read_by(rotation)
        grant(
            rotation,
            "secretsmanager:DescribeSecret",
            "secretsmanager:PutSecretValue",
            "secretsmanager:UpdateSecretVersionStage",
            on=self.arn,
        )
        grant(rotation, "kms:GenerateDataKey", on=self.key.key_arn)
        rotation.add_permission(
            "SecretsManager",
            principal=iam.ServicePrincipal("secretsmanager.amazonaws.com"),
            source_account=self.stack.account,
        )
        schedule = secretsmanager.CfnRotationSchedule(
            self,
            "Schedule",
            secret_id=self._secret.secret_arn,
            rotation_lambda_arn=rotation.function_arn,
            rotation_rules=secretsmanager.CfnRotationSchedule.RotationRulesProperty(
                automatically_after_days=every.to_days()
            ),
            # A deployment replaces no secret.
            rotate_immediately_on_update=False,
        )
        schedule.node.add_dependency(rotation)
        return rotation

    def _tell_when_a_rotation_fails(self) -> None:
        alarm_on(
            self,
            "RotationFails",
            what=f"a rotation has failed: {self.node.id}",
            metric=self.rotation.metric_errors(period=Duration.minutes(5)),
        )

    def _admit(self, *role_names: str) -> None:
        """Everybody else is refused, roles with more rights than they need included.

        Who may change the policy is not locked out: that is the way in when all else is lost.
        """
        self._readers += role_names
        self._policy.resource_policy = read_by_these_alone(
            [self._role_arn(name) for name in self._readers]
        )

    def _role_arn(self, name: str) -> str:
        return f"arn:{self.stack.partition}:iam::{self.stack.account}:role/{name}"


def may_read(function: MicroserviceFunction, *, secret_arn: str, key_arn: str) -> None:
    """Let a function read another service's secret; its owner's ``let_read`` must allow it."""
    grant(function, READ, on=secret_arn)
    grant(function, "kms:Decrypt", on=key_arn)


def tell_when_unreadable(stack: ServiceStack) -> None:
    """Tell operations when functions of this service go on with a secret that they read before."""
    alarm_when_counted(
        stack,
        "SecretsUnreadable",
        metric_name="SecretUnreadable",
        what="a secret cannot be read",
    )
