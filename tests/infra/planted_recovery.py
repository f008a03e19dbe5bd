"""Faults for the rules about what is left of a region: see ``planted_faults``."""

from typing import Any

from tests.infra.planted_faults import TABLE, Plant, body, remove, set_property
from tests.infra.rules import Rule, recovery
from tests.infra.system import System


def tag(service: str, id: str, value: str | None) -> Plant:
    """Let a table say something else about its backups, or nothing."""

    def plant(system: System) -> None:
        for replica in body(system, service, TABLE, id)["Properties"]["Replicas"]:
            others = [it for it in replica["Tags"] if it["Key"] != "backup"]
            replica["Tags"] = [*others, *([{"Key": "backup", "Value": value}] if value else [])]

    return plant


def change_rule(plan: str, **changes: Any) -> Plant:
    """Give a plan's rule other values; None takes one away."""

    def plant(system: System) -> None:
        (rule,) = _plan(system, plan)["BackupPlanRule"]
        for name, value in changes.items():
            rule[name] = value
            if value is None:
                del rule[name]

    return plant


def choose_by(**changes: Any) -> Plant:
    """Choose tables in another way."""

    def plant(system: System) -> None:
        selection = body(system, "backups", recovery.SELECTION, "Daily")["Properties"]
        selection["BackupSelection"] |= changes

    return plant


def change_copies(**changes: Any) -> Plant:
    """Give the daily plan's copy other values."""

    def plant(system: System) -> None:
        (rule,) = _plan(system, "Daily")["BackupPlanRule"]
        rule["CopyActions"][0] |= changes

    return plant


def keep_the_copies_here(system: System) -> None:
    """Keep the copies in the region that may be lost."""
    places: Any = system.places
    places["archive-replica"] = system.region
    for plan in ("Hourly", "Daily"):
        (rule,) = _plan(system, plan)["BackupPlanRule"]
        text = body(system, "backups", recovery.PLAN, plan)
        (copy,) = rule["CopyActions"]
        joined = copy["DestinationBackupVaultArn"]["Fn::Join"][1]
        joined[:] = [
            it.replace("eu-central-1", system.region, 1) if isinstance(it, str) else it
            for it in joined
        ]
        assert text


def _plan(system: System, id: str) -> Any:
    return body(system, "backups", recovery.PLAN, id)["Properties"]["BackupPlan"]


REPLICA = "archive-replica"
VAULT = recovery.VAULT
PLANTED: tuple[tuple[Rule, str, Plant], ...] = (
    (
        recovery.every_table_says_what_is_left_of_it,
        "a ledger is not backed up",
        tag("payments", "Payments", "never"),
    ),
    (
        recovery.every_table_says_what_is_left_of_it,
        "a table says nothing",
        tag("inventory", "Stock", None),
    ),
    (
        recovery.every_table_says_what_is_left_of_it,
        "a view is paid for",
        tag("sales", "Sales", "daily"),
    ),
    (
        recovery.every_table_says_what_is_left_of_it,
        "a tag that no plan knows",
        tag("fulfilment", "Sagas", "weekly"),
    ),
    (
        recovery.production_is_backed_up,
        "another environment's tables",
        choose_by(Resources=["arn:aws:dynamodb:eu-west-1:1:table/other-prod-*"]),
    ),
    (
        recovery.production_is_backed_up,
        "any tag is enough",
        choose_by(ListOfTags=[{"ConditionKey": "backup"}]),
    ),
    (
        recovery.production_is_backed_up,
        "profiles are backed up once a day",
        change_rule("Hourly", ScheduleExpression="cron(5 1 * * ? *)"),
    ),
    (
        recovery.production_is_backed_up,
        "a backup outlives what may be restored of a profile",
        change_rule("Hourly", Lifecycle={"DeleteAfterDays": 30}),
    ),
    (
        recovery.production_is_backed_up,
        "no copy",
        change_rule("Daily", CopyActions=None),
    ),
    (
        recovery.production_is_backed_up,
        "a copy that nobody has a vault for",
        change_copies(DestinationBackupVaultArn="arn:aws:backup:eu-central-1:1:backup-vault:none"),
    ),
    (
        recovery.production_is_backed_up,
        "a copy that ends sooner",
        change_copies(Lifecycle={"DeleteAfterDays": 1}),
    ),
    (recovery.production_is_backed_up, "the copies are here", keep_the_copies_here),
    (
        recovery.production_is_backed_up,
        "a vault without a lock",
        set_property(REPLICA, VAULT, "LockConfiguration", None),
    ),
    (
        recovery.production_is_backed_up,
        "a vault under nobody's key",
        set_property("backups", VAULT, "EncryptionKeyArn", None),
    ),
    (
        recovery.who_backs_up_hears_of_failures,
        "nobody is told",
        remove("backups", "AWS::CloudWatch::Alarm"),
    ),
)
