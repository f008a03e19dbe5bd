"""Secrets that pods read, whose other half somebody else holds: no schedule replaces them."""

from aws_cdk import RemovalPolicy, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from contracts.product import PRODUCT
from stacks.constructs.acknowledgment import acknowledge
from stacks.constructs.rotated_secret import READ, read_by_these_alone
from stacks.constructs.service_stack import ServiceStack

BY_HAND = "by-hand"
"""The value of the tag ``replaced``: the other side has to be told, so a schedule cannot do it."""
OWNER = "partners"
MADE_UP = '{"made_up":true}'
KEYS, CERTIFICATE, MACHINE_CLIENT = "gateway-keys", "edge-certificate", "machine-client"


class PartnersSecrets(Construct):
    """Their names are fixed, since manifests say them: ``{product}/{stage}/partners/{name}``.

    The first values are made up: who operates the gateway puts partners' keys, the certificate and
    the machine client there.
    """

    def __init__(self, stack: ServiceStack, *, key: kms.Key) -> None:
        super().__init__(stack, "Secrets")
        self._stack = stack
        self._key = key
        self._secrets = {
            KEYS: self._make("GatewayKeys", KEYS, "Keys by which Kong knows partners", "northwind"),
            CERTIFICATE: self._make(
                "EdgeCertificate", CERTIFICATE, "Certificate and key of Kong's host", "private_key"
            ),
            MACHINE_CLIENT: self._make(
                "MachineClient",
                MACHINE_CLIENT,
                "Client and key by which partners calls others",
                "secret",
            ),
        }

    def name_of(self, secret: str) -> str:
        """As manifests have it."""
        return f"{PRODUCT}/{self._stack.stage.name}/{OWNER}/{secret}"

    def _make(self, id: str, name: str, description: str, field: str) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(
            self,
            id,
            secret_name=self.name_of(name),
            description=description,
            encryption_key=self._key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=MADE_UP,
                generate_string_key=field,
                password_length=48,
                exclude_punctuation=True,
            ),
            removal_policy=RemovalPolicy.RETAIN
            if self._stack.stage.protected
            else RemovalPolicy.DESTROY,
        )
        Tags.of(secret).add("replaced", BY_HAND)
        acknowledge(
            secret,
            "The other half is a partner's, a certificate authority's or the user pool's: whoever "
            "replaces it there puts it here.",
            "AwsSolutions-SMG4",
        )
        return secret

    def read_by(self, role: iam.Role, role_name: str, *names: str) -> None:
        """Let a pod's role read these; everybody else is refused, whatever else IAM allows."""
        for name in names:
            made = self._secrets[name].node.default_child
            assert isinstance(made, secretsmanager.CfnSecret)
            role.add_to_policy(
                iam.PolicyStatement(
                    actions=[READ, "secretsmanager:DescribeSecret"], resources=[made.attr_id]
                )
            )
            account, partition = self._stack.account, self._stack.partition
            secretsmanager.CfnResourcePolicy(
                self,
                f"Policy-{name}",
                secret_id=self._secrets[name].secret_arn,
                block_public_policy=True,
                resource_policy=read_by_these_alone(
                    [f"arn:{partition}:iam::{account}:role/{role_name}"]
                ),
            )
        role.add_to_policy(
            iam.PolicyStatement(actions=["kms:Decrypt"], resources=[self._key.key_arn])
        )
