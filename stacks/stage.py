"""What differs between the stages dev, staging and prod, and nothing else."""

import re
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_logs as logs
from aws_cdk.region_info import RegionInfo
from constructs import Construct

from contracts.product import PRODUCT, PRODUCT_TITLE
from stacks import partitions
from stacks.services import shortened

Target = Literal["cloud", "local"]
"""What the functions' packages are built for; nothing else in a template depends on it."""
CONTAINERS = "containers"
"""The context value that adds the services in containers, which cost while nobody calls them."""
_ORIGIN = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?|http://localhost:[0-9]{1,5}")
"""A browser's ``Origin``: Cognito sends codes, and APIs answer scripts, nowhere else."""


@dataclass(frozen=True)
class Stage:
    """One deployment of the whole system, in one ``region``.

    ``protected`` keeps what cannot be made again: tables, archive and keys stay when their stack
    goes. The archive's copy, whose objects are locked for ``archive_lock_days``, is kept in
    ``archive_region``; where that is None there is none. Customers get mail where
    ``sends_mail``; elsewhere what they would get can be read in an outbox. Where AWS has no user
    pools, ``token_authorizer_arn`` is the function that checks tokens. A watched rollout of
    configuration takes ``rollout_minutes``, and alarms may call it back for ``bake_minutes`` more;
    where ``watches_rollouts`` every rollout is such a one. Operators log in with a second factor
    where ``asks_operators_twice``. Customers come back from their login to ``web_origin``, from
    which the shop's web app is served. Of all traces ``trace_share`` are sampled, from 0 to 1. APIs
    stand behind a web ACL where ``has_web_acl``, at some dollars a month. An API gives a function's
    new version a tenth of its calls for ``canary_minutes`` before all; where they are 0 there are
    no versions. The event log has
    ``log_shards``, each good for 1,000 records a second, or as many as its traffic needs where that
    is None. Services in containers, and the network that they stand in, are there where it has
    ``containers``.
    """

    name: str
    target: Target
    region: str
    protected: bool
    archive_lock_days: int
    log_retention: logs.RetentionDays
    log_retention_hours: int
    log_shards: int | None
    sends_mail: bool
    rollout_minutes: int
    bake_minutes: int
    watches_rollouts: bool
    asks_operators_twice: bool
    trace_share: float
    has_web_acl: bool
    canary_minutes: int
    web_origin: str = "http://localhost:5173"
    archive_region: str | None = None
    token_authorizer_arn: str | None = None
    containers: bool = False

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

    def reserved(self, concurrency: int | None) -> int | None:
        """How much of the account's concurrency a function keeps for itself.

        Nothing in development: an account that is new may run no more than ten functions at once,
        and none of those can be reserved.
        """
        return None if self.name == "dev" else concurrency

    @property
    def metric_namespace(self) -> str:
        """Where its metrics are counted: environments of one account do not raise each other's
        alarms, which would roll back rollouts of production for a failure in development.
        """
        return f"{PRODUCT_TITLE}/{self.name}"

    def parameter(self, service: str, resource: str) -> str:
        """The name of the SSM parameter by which services find each other."""
        return f"/{PRODUCT}/{self.name}/{service}/{resource}"

    def key_alias(self, service: str) -> str:
        """The name of a service's key, without the prefix that AWS gives each alias."""
        return f"{PRODUCT}/{self.name}/{service}"

    def archive_replica_name(self, account: str) -> str:
        """The bucket that holds the archive's copy; all accounts share the names of buckets."""
        return f"{PRODUCT}-{self.name}-archive-{account}-{self.archive_region}"

    @property
    def backup_vault(self) -> str:
        """The vault of backups, in the system's region and in the archive's."""
        return f"{PRODUCT}-{self.name}-backups-of-{self.region}"

    def role_name(self, service: str, function: str) -> str:
        """A role's name, by which policies of earlier stacks admit it.

        With the region, since names of roles are the account's: the same environment can be
        deployed to a second region.
        """
        return shortened(f"{PRODUCT}-{self.name}-{self.region}-{service}-{function}")


def from_context(scope: Construct, *, region: str | None = None) -> Stage:
    """The environment that the context names, in ``region`` or the one that the context names.

    Raises:
        ValueError: there is no such environment or target, or the web app's address is no origin.
        NotInThisRegion: AWS lacks something there, and the context names nothing in its place.
    """
    node = scope.node
    region = region or str(node.get_context("region"))
    found = stage_named(
        node.get_context("environment"), node.try_get_context("target") or "cloud", region
    )
    named = {
        key: node.try_get_context(key)
        for key in (partitions.TOKEN_AUTHORIZER, partitions.AGENT_LAYER, partitions.MAIL)
    }
    outbox = _keeps_an_outbox(named[partitions.MAIL])
    named[partitions.MAIL] = "outbox" if outbox else None
    partition = RegionInfo.get(region).partition
    partitions.check(region, partition, named, needs_mail=found.sends_mail)
    assert partition
    return replace(
        found,
        sends_mail=found.sends_mail and not outbox,
        web_origin=_web_origin(scope, found),
        archive_region=_archive_region(scope, found, partition),
        token_authorizer_arn=named[partitions.TOKEN_AUTHORIZER],
        containers=_has_containers(node.try_get_context(CONTAINERS)),
    )


def _has_containers(said: object) -> bool:
    """What ``-c containers=`` says; cdk.json can say true without quotation marks."""
    if said not in (None, True, False, "true", "false"):
        raise ValueError(f"{CONTAINERS} must be true or false, not {said!r}")
    return said in (True, "true")


def _keeps_an_outbox(mail: str | None) -> bool:
    if mail not in (None, "ses", "outbox"):
        raise ValueError(f"{partitions.MAIL} must be ses or outbox, not {mail!r}")
    return mail == "outbox"


def _web_origin(scope: Construct, found: Stage) -> str:
    """As ``-c web_origin=`` says, or what ``web_origins`` in cdk.json has for the environment."""
    named = scope.node.try_get_context("web_origin")
    origin = str(named or scope.node.get_context("web_origins")[found.name])
    if not _ORIGIN.fullmatch(origin):
        raise ValueError(
            f"web_origin must be https:// and a host, without a path, or http://localhost with a "
            f"port; not {origin!r}"
        )
    return origin


def _archive_region(scope: Construct, found: Stage, partition: str) -> str | None:
    """In production another region than the system's; a lock is tried out next to the archive."""
    if not found.archive_lock_days:
        return None
    if not found.protected:
        return found.region
    wanted: str | None = scope.node.try_get_context(partitions.ARCHIVE_REGION)
    return partitions.archive_region(
        found.region, partition, wanted, RegionInfo.get(wanted).partition if wanted else None
    )


def stage_named(name: str, target: str, region: str) -> Stage:
    """The environment of that name, built for ``cloud`` or ``local``; see ``from_context``.

    Raises:
        ValueError: there is no such environment or target.
    """
    if target not in get_args(Target):
        raise ValueError(f"target must be cloud or local, not {target!r}")
    built_for = cast(Target, target)
    match name:
        case "dev":
            return Stage(
                name,
                built_for,
                region,
                protected=False,
                archive_lock_days=0,
                log_retention=logs.RetentionDays.ONE_WEEK,
                log_retention_hours=24 * 7,
                log_shards=1,
                sends_mail=False,
                rollout_minutes=1,
                bake_minutes=1,
                watches_rollouts=False,
                asks_operators_twice=False,
                trace_share=1,
                has_web_acl=False,
                canary_minutes=0,
            )
        case "staging":
            return Stage(
                name,
                built_for,
                region,
                protected=False,
                archive_lock_days=1,
                log_retention=logs.RetentionDays.ONE_MONTH,
                log_retention_hours=24 * 30,
                log_shards=None,
                sends_mail=True,
                rollout_minutes=10,
                bake_minutes=10,
                watches_rollouts=True,
                asks_operators_twice=True,
                trace_share=0.1,
                has_web_acl=True,
                canary_minutes=5,
            )
        case "prod":
            return Stage(
                name,
                built_for,
                region,
                protected=True,
                archive_lock_days=365,
                log_retention=logs.RetentionDays.ONE_YEAR,
                log_retention_hours=24 * 365,
                log_shards=None,
                sends_mail=True,
                rollout_minutes=30,
                bake_minutes=30,
                watches_rollouts=True,
                asks_operators_twice=True,
                trace_share=0.05,
                has_web_acl=True,
                canary_minutes=10,
            )
    raise ValueError(f"environment must be dev, staging or prod, not {name!r}")
