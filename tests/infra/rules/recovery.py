"""What is left when a region is lost: backups, elsewhere, of tables that no event makes again."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from stacks.partitions import others_of
from tests.infra.rules import Rule
from tests.infra.rules.permissions import TABLES
from tests.infra.system import Resource, System

MADE_AGAIN = frozenset(
    {
        ("sales", "Sales"),  # a view
        ("console", "Activity"),  # of the last hours, for eyes only
        ("event-log", "ReadTurns"),  # counts for seconds
        ("event-log", "SeenFacts"),  # spares repetitions: readers ignore them anyway
        ("shipping", "CarrierDesk"),  # the simulated carriers' own, who are elsewhere
        ("notifications", "Outbox"),  # in place of mail, where none is sent
    }
)
KEY = "AWS::KMS::Key"
KEPT_DAYS = {"hourly": 2, "daily": 35}
PLAN, SELECTION, VAULT = (
    f"AWS::Backup::{it}" for it in ("BackupPlan", "BackupSelection", "BackupVault")
)


def every_table_says_what_is_left_of_it(system: System) -> Iterator[str]:
    """By its tag; never is for those that are known to be made again, or not to matter."""
    for table in system.resources(*TABLES):
        name = (table.template.service, table.id[:-8])
        said = _tag(table)
        if (said == "never") != (name in MADE_AGAIN or _is_view(table)):
            yield f"{table} is backed up: {said}"
        elif said not in (*KEPT_DAYS, "never"):
            yield f"{table} does not say whether it is backed up: {said}"


def production_is_backed_up(system: System) -> Iterator[str]:
    """Each table with a tag by a plan, into a locked vault, and a copy of it in another region."""
    if system.environment != "prod":
        return
    for table in system.resources(*TABLES):
        said = _tag(table)
        if said in KEPT_DAYS:
            chosen = [it for it in system.resources(SELECTION) if _chooses(it, table)]
            if len(chosen) != 1:
                yield f"{table} is in {len(chosen)} plans"
            for selection in chosen:
                yield from _wrong_plan(selection, str(said))
    for vault in system.resources(VAULT):
        lock = vault.properties.get("LockConfiguration", {})
        if lock.get("MinRetentionDays", 0) < 1:
            yield f"{vault} is not locked"
        if lock.get("MaxRetentionDays", 36_500) > max(KEPT_DAYS.values()):
            yield f"{vault} takes backups that outlive what they may"
        if system.find(vault.text(vault.properties.get("EncryptionKeyArn", "")), KEY) is None:
            yield f"{vault} is not under a customer's key"
        if vault.body.get("DeletionPolicy") != "Retain":
            yield f"{vault} goes with its stack"


def who_backs_up_hears_of_failures(system: System) -> Iterator[str]:
    """A backup that fails is noticed when it is needed, or by an alarm."""
    for plan in system.resources(PLAN):
        metrics = {
            alarm.properties.get("MetricName")
            for alarm in plan.template.resources("AWS::CloudWatch::Alarm")
            if alarm.properties.get("Namespace") == "AWS/Backup"
        }
        for name in ("NumberOfBackupJobsFailed", "NumberOfCopyJobsFailed"):
            if name not in metrics:
                yield f"{plan}: nobody hears of {name}"


def _is_view(table: Resource) -> bool:
    return any(it["AttributeName"] == "view_id" for it in table.properties["KeySchema"])


def _tag(table: Resource) -> str | None:
    for replica in table.properties.get("Replicas", [table.properties]):
        for tag in replica.get("Tags", []):
            if tag["Key"] == "backup":
                return str(tag["Value"])
    return None


def _chooses(selection: Resource, table: Resource) -> bool:
    """As AWS Backup reads it: one of the resources, and every condition."""
    wanted = selection.properties["BackupSelection"]
    file: str = table.template.properties["templateFile"]
    name = f"table/{file.removesuffix('.template.json')}-{table.id}-made-up"
    patterns = [selection.text(it).rpartition(":")[2] for it in wanted.get("Resources", [])]
    conditions: Any = wanted.get("Conditions", {}).get("StringEquals", [])
    return (
        any(fnmatchcase(name, it) for it in patterns)
        and "ListOfTags" not in wanted
        and bool(conditions)
        and all(
            it["ConditionKey"] == "aws:ResourceTag/backup" and it["ConditionValue"] == _tag(table)
            for it in conditions
        )
    )


def _wrong_plan(selection: Resource, said: str) -> Iterator[str]:
    system = selection.template.system
    plan = system.find(selection.text(selection.properties["BackupPlanId"]), PLAN)
    assert plan, f"{selection} is of a plan that is in no template"
    rules = plan.properties["BackupPlan"]["BackupPlanRule"]
    if len(rules) != 1:
        yield f"{plan} has {len(rules)} rules"
        return
    (rule,) = rules
    every_hour = rule["ScheduleExpression"].split(" ", 1)[1].startswith("* * *")
    if every_hour != (said == "hourly"):
        yield f"{plan} runs at {rule['ScheduleExpression']}"
    if system.find(plan.text(rule["TargetBackupVault"]), VAULT) is None:
        yield f"{plan} keeps its backups in a vault that is in no template"
    copies = rule.get("CopyActions", [])
    alone = others_of(system.region, system.partition) == ()
    if len(copies) != (0 if alone else 1):
        yield f"{plan} makes {len(copies)} copies"
    for copy in copies:
        arn = plan.text(copy["DestinationBackupVaultArn"])
        _, _, service, region, *_, name = arn.split(":")
        there = vaults_of(system, region).get(name)
        if service != "backup" or there is None:
            yield f"{plan} copies into {arn}, which is in no template"
        if region == system.region:
            yield f"{plan}: its copy is lost together with what it is a copy of"
        if copy.get("Lifecycle", {}).get("DeleteAfterDays") != KEPT_DAYS[said]:
            yield f"{plan}: its copy is kept for {copy.get('Lifecycle')}"
    if rule.get("Lifecycle", {}).get("DeleteAfterDays") != KEPT_DAYS[said]:
        yield f"{plan} keeps for {rule.get('Lifecycle')} what is to be kept {KEPT_DAYS[said]} days"


def vaults_of(system: System, region: str) -> dict[str, Resource]:
    """The vaults of a region's stacks, by name."""
    return {
        it.text(it.properties["BackupVaultName"]): it
        for it in system.resources(VAULT)
        if it.template.region == region
    }


RULES: tuple[Rule, ...] = (
    every_table_says_what_is_left_of_it,
    production_is_backed_up,
    who_backs_up_hears_of_failures,
)
