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
    goes, and archived objects are locked for ``archive_lock_days``. Customers get mail where
    ``sends_mail``; elsewhere what they would get can be read in an outbox. A watched rollout of
    configuration takes ``rollout_minutes``, and alarms may call it back for ``bake_minutes`` more;
    where ``watches_rollouts`` every rollout is such a one. The event log has ``log_shards``, each
    good for 1,000 records a second, or as many as its traffic needs where that is None.
    """

    name: str
    target: Target
    protected: bool
    archive_lock_days: int
    log_retention: logs.RetentionDays
    log_retention_hours: int
    log_shards: int | None
    sends_mail: bool
    rollout_minutes: int
    bake_minutes: int
    watches_rollouts: bool

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What happens to data when its stack is deleted."""
        return RemovalPolicy.RETAIN if self.protected else RemovalPolicy.DESTROY

    @property
    def event_log_retention(self) -> Duration:
        """How long the event log keeps records; Kinesis allows a year at most."""
        return Duration.hours(self.log_retention_hours)

    def concurrency(self, busiest: int) -> int:
        """How many workers of a queue run at once, where production has ``busiest``.

        Development has a sixth: few orders, and perhaps a laptop that starts a process for each.
        Two is the least that an event source admits.
        """
        return max(2, busiest // 6) if self.name == "dev" else busiest

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
                name,
                built_for,
                protected=False,
                archive_lock_days=0,
                log_retention=logs.RetentionDays.ONE_WEEK,
                log_retention_hours=24 * 7,
                log_shards=1,
                sends_mail=False,
                rollout_minutes=1,
                bake_minutes=1,
                watches_rollouts=False,
            )
        case "staging":
            return Environment(
                name,
                built_for,
                protected=False,
                archive_lock_days=1,
                log_retention=logs.RetentionDays.ONE_MONTH,
                log_retention_hours=24 * 30,
                log_shards=None,
                sends_mail=True,
                rollout_minutes=10,
                bake_minutes=10,
                watches_rollouts=True,
            )
        case "prod":
            return Environment(
                name,
                built_for,
                protected=True,
                archive_lock_days=365,
                log_retention=logs.RetentionDays.ONE_YEAR,
                log_retention_hours=24 * 365,
                log_shards=None,
                sends_mail=True,
                rollout_minutes=30,
                bake_minutes=30,
                watches_rollouts=True,
            )
    raise ValueError(f"environment must be dev, staging or prod, not {name!r}")
