"""A payment provider's key: replaced every month by one that the provider issues."""

from aws_cdk import Duration
from aws_cdk import aws_kms as kms

from stacks.constructs.alarms import alarm_on
from stacks.constructs.microservice_function import MicroserviceFunction, grant
from stacks.constructs.rotated_secret import RotatedSecret
from stacks.constructs.schedule import call_every
from stacks.constructs.service_stack import ServiceStack

OLD_AFTER = Duration.minutes(15)
"""Three times as long as a worker keeps a secret: then nobody has the old key in its hands."""

NOBODY = ".example"
"""A provider under this name (RFC 2606) is none: then there are no keys either."""


class ProviderKey(RotatedSecret):
    """The secret begins with something made up: an operator puts the provider's first key there."""

    def __init__(
        self, stack: ServiceStack, id: str, *, key: kms.Key, description: str, provider_url: str
    ) -> None:
        super().__init__(
            stack,
            id,
            key=key,
            description=description,
            field="api_key",
            template='{"made_up":true}',
            handler="rotate_provider_key",
            environment={"PROVIDER_URL": provider_url},
        )
        self._revoke_old_keys(provider_url, key)

    def _revoke_old_keys(self, provider_url: str, key: kms.Key) -> None:
        retire = MicroserviceFunction(
            self.stack,
            f"{self.node.id}Retirement",
            handler="retire_provider_keys",
            description="Revokes the provider's keys that a rotation has replaced",
            environment={"PROVIDER_URL": provider_url, "PROVIDER_KEY_SECRET_ARN": self.arn},
            timeout=Duration.seconds(30),
            reserved_concurrency=1,
        )
        self.read_by(retire)
        grant(retire, "secretsmanager:DescribeSecret", on=self.arn)
        call_every(
            Duration.hours(1),
            retire,
            self,
            "EveryHour",
            description="payments: revokes keys that were replaced",
            key=key,
            request={"after_seconds": OLD_AFTER.to_seconds()},
            enabled=not provider_url.endswith(NOBODY),
        )
        alarm_on(
            self,
            "RetirementFails",
            what=f"replaced keys stay valid: {self.node.id}",
            metric=retire.metric_errors(period=Duration.hours(1)),
            periods=3,
        )
