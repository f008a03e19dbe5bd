"""What differs between environments, and nothing else."""

from dataclasses import dataclass
from typing import Literal, cast, get_args

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_logs as logs

Target = Literal["cloud", "local"]
"""What the functions' packages are built for; nothing else in a template depends on it."""


@dataclass(frozen=True)
class Environment:
    """One deployment of the whole system.

    ``protected`` keeps what cannot be made again: tables, archive and keys stay when their stack
    goes, and archived objects are locked for ``archive_lock_days``. Carriers have
    ``quote_deadline_seconds`` to answer. Customers get mail where ``sends_mail``; elsewhere what
    they would get can be read in an outbox.
    """

    name: str
    target: Target
    protected: bool
    archive_lock_days: int
    log_retention: logs.RetentionDays
    log_retention_hours: int
    quote_deadline_seconds: int
    sends_mail: bool

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What happens to data when its stack is deleted."""
        return RemovalPolicy.RETAIN if self.protected else RemovalPolicy.DESTROY

    @property
    def event_log_retention(self) -> Duration:
        """How long the event log keeps records; Kinesis allows a year at most."""
        return Duration.hours(self.log_retention_hours)

    def parameter(self, service: str, resource: str) -> str:
        """The name of the SSM parameter by which services find each other."""
        return f"/parcelworks/{self.name}/{service}/{resource}"

    def role_name(self, service: str, function: str) -> str:
        """The reserved prefix that key policies of earlier stacks can name."""
        return f"parcelworks-{self.name}-{service}-{function}"


def environment(name: str, target: str) -> Environment:
    """The environment of that name, built for ``cloud`` or ``local``.

    Raises:
        ValueError: there is no such environment or target.
    """
    if target not in get_args(Target):
        raise ValueError(f"target must be cloud or local, not {target!r}")
    built_for = cast(Target, target)
    match name:
        case "dev":
            return Environment(
                name, built_for, False, 0, logs.RetentionDays.ONE_WEEK, 24 * 7, 10, False
            )
        case "staging":
            return Environment(
                name, built_for, False, 1, logs.RetentionDays.ONE_MONTH, 24 * 30, 10, True
            )
        case "prod":
            return Environment(
                name, built_for, True, 365, logs.RetentionDays.ONE_YEAR, 24 * 365, 20, True
            )
    raise ValueError(f"environment must be dev, staging or prod, not {name!r}")
