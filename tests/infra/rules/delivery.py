"""What is deployed has passed every stage, by roles that only its own pipeline can take."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tools.delivery.filters import LONGEST, MOST
from tools.delivery.places import Places

Templates = Mapping[str, Mapping[str, Any]]
DeliveryRule = Callable[[Templates, Places], Iterator[str]]
"""Looks at the templates by their stacks' names; says what is wrong, a line each."""
STAGES = ["Source", "Checks", "Contracts", "Synthesis", "Staging", "EndToEnd", "Approval",
          "Production"]  # fmt: skip
ROLE = re.compile(r"arn:(\w|-|\{Partition\})+:iam::\d{12}:role/[\w-]+")
HAPPENS = {"pipeline-execution-failed", "manual-approval-needed"}


def of_type(templates: Templates, type: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each resource of a type with a name for people."""
    for stack, template in templates.items():
        for id, resource in template["Resources"].items():
            if resource["Type"] == type:
                yield f"{stack} {id}", resource["Properties"]


def text(value: Any) -> str:
    """A value with its parts put together: pseudo parameters by their names."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return f"{{{name.removeprefix('AWS::')}}}"
        case {"Fn::Join": [between, parts]}:
            return str(between).join(map(text, parts))
    return json.dumps(value, sort_keys=True)


def a_pipeline_has_every_stage_and_ends_with_its_canary(
    templates: Templates, _: Places
) -> Iterator[str]:
    """Checks, contracts, synthesis, staging, its tests, an approval, and a canary last."""
    for name, pipeline in of_type(templates, "AWS::CodePipeline::Pipeline"):
        stages = pipeline["Stages"]
        if [it["Name"] for it in stages] != STAGES:
            yield f"{name} has the stages {[it['Name'] for it in stages]}"
            continue
        last = max(stages[-1]["Actions"], key=lambda it: it["RunOrder"])
        if last["ActionTypeId"]["Provider"] != "StepFunctions":
            yield f"{name} ends with {last['Name']}, which is no canary"
        approval = stages[STAGES.index("Approval")]["Actions"]
        if [it["ActionTypeId"]["Category"] for it in approval] != ["Approval"]:
            yield f"{name} asks nobody before production"
        orders = [it["RunOrder"] for it in stages[-1]["Actions"]]
        if len(set(orders)) != len(orders):
            yield f"{name} watches while it deploys"


def what_fails_in_a_stage_is_taken_back(templates: Templates, _: Places) -> Iterator[str]:
    """Both stages that deploy return by themselves to what was last good there."""
    for name, pipeline in of_type(templates, "AWS::CodePipeline::Pipeline"):
        for stage in pipeline["Stages"]:
            deploys = stage["Name"] in ("Staging", "Production")
            if deploys and stage.get("OnFailure", {}).get("Result") != "ROLLBACK":
                yield f"{name} leaves {stage['Name']} as it failed"


def merges_do_not_run_into_each_other(templates: Templates, _: Places) -> Iterator[str]:
    """A stage has one execution at a time: neither parallel, nor of the first type."""
    for name, pipeline in of_type(templates, "AWS::CodePipeline::Pipeline"):
        if pipeline.get("PipelineType") != "V2":
            yield f"{name} is of type {pipeline.get('PipelineType')}"
        if pipeline.get("ExecutionMode") not in ("SUPERSEDED", "QUEUED"):
            yield f"{name} runs as {pipeline.get('ExecutionMode')}"


def a_pipeline_starts_for_its_own_paths_on_one_branch(
    templates: Templates, places: Places
) -> Iterator[str]:
    """A trigger has the branch and one to eight patterns, none of which is everything."""
    for name, pipeline in of_type(templates, "AWS::CodePipeline::Pipeline"):
        pushes = [
            push
            for trigger in pipeline.get("Triggers", [])
            for push in trigger["GitConfiguration"].get("Push", [])
        ]
        if len(pushes) != 1:
            yield f"{name} has {len(pushes)} triggers"
        for push in pushes:
            paths = push.get("FilePaths", {}).get("Includes", [])
            if not 0 < len(paths) <= MOST or any(len(it) > LONGEST for it in paths):
                yield f"{name} has {len(paths)} patterns, or one that is too long"
            if "**" in paths:
                yield f"{name} starts for everything"
            if push.get("Branches", {}).get("Includes") != [places.branch]:
                yield f"{name} starts for other branches"


def artifacts_are_encrypted_and_read_by_nobody_else(
    templates: Templates, _: Places
) -> Iterator[str]:
    """A key of their own, no public access, no request without TLS."""
    keys = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    for name, bucket in of_type(templates, "AWS::S3::Bucket"):
        blocked = bucket.get("PublicAccessBlockConfiguration", {})
        if not all(blocked.get(it) is True for it in keys):
            yield f"{name} can be made public"
        if "VersioningConfiguration" in bucket and "aws:kms" not in json.dumps(
            bucket.get("BucketEncryption", {})
        ):
            yield f"{name} has no key of its own"
    policies = [json.dumps(it) for _, it in of_type(templates, "AWS::S3::BucketPolicy")]
    for policy in policies:
        if '"aws:SecureTransport": "false"' not in policy:
            yield f"a bucket answers without TLS: {policy[:80]}"
    for name, pipeline in of_type(templates, "AWS::CodePipeline::Pipeline"):
        if "EncryptionKey" not in pipeline["ArtifactStore"]:
            yield f"{name} keeps its artifacts under S3's own key"


def a_role_trusts_one_role_one_service_or_one_job(
    templates: Templates, places: Places
) -> Iterator[str]:
    """No account as a whole, no wildcard; a job of GitHub by its whole subject and its audience."""
    subjects = {
        f"repo:{places.repository}:environment:{stage}"
        for stage in places.accounts
        if stage != "tools"
    }
    for name, role in of_type(templates, "AWS::IAM::Role"):
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            principal = statement["Principal"]
            if "AWS" in principal and not ROLE.fullmatch(text(principal["AWS"])):
                yield f"{name} trusts {text(principal['AWS'])}"
            elif principal == "*":
                yield f"{name} trusts everybody"
            if "Federated" in principal:
                condition = statement.get("Condition", {})
                equal = {
                    k.rpartition(":")[2]: v for k, v in condition.get("StringEquals", {}).items()
                }
                if set(condition) != {"StringEquals"} or equal.get("sub") not in subjects:
                    yield f"{name} lets other jobs in: {condition}"
                if equal.get("aud") != "sts.amazonaws.com":
                    yield f"{name} takes tokens for others"


def a_role_may_assume_what_is_named(templates: Templates, _: Places) -> Iterator[str]:
    """The way to an account is one role of the service, or a role of the CDK's bootstrap stack."""
    for name, policy in of_type(templates, "AWS::IAM::Policy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            actions, resources = listed(statement["Action"]), listed(statement["Resource"])
            if any(it in ("*", "sts:*", "iam:*") or it.startswith("iam:Pass") for it in actions):
                yield f"{name} may {actions}"
            if "sts:AssumeRole" in actions and any("*" in text(it) for it in resources):
                yield f"{name} may assume {[text(it) for it in resources]}"


def a_build_is_private_and_bounded(templates: Templates, _: Places) -> Iterator[str]:
    """No privileged container, a time limit, an encrypted result, and no secret in plain text."""
    for name, project in of_type(templates, "AWS::CodeBuild::Project"):
        if project["Environment"].get("PrivilegedMode"):
            yield f"{name} is privileged"
        if project.get("TimeoutInMinutes", 480) > 240:
            yield f"{name} may hang for {project.get('TimeoutInMinutes')} minutes"
        if "EncryptionKey" not in project or "alias/aws/" in text(project["EncryptionKey"]):
            yield f"{name} has no key of its own"
        for variable in project["Environment"].get("EnvironmentVariables", []):
            if re.search(r"SECRET|TOKEN|PASSWORD|ACCESS_KEY", variable["Name"]):
                yield f"{name} has {variable['Name']} in plain text"


def people_hear_of_failures_and_approvals(templates: Templates, _: Places) -> Iterator[str]:
    """Each pipeline tells the topic when it fails and when somebody must decide."""
    pipelines = [name.split()[0] for name, _ in of_type(templates, "AWS::CodePipeline::Pipeline")]
    told = {
        name.split()[0]
        for name, rule in of_type(templates, "AWS::CodeStarNotifications::NotificationRule")
        if all(any(it.endswith(event) for it in rule["EventTypeIds"]) for event in HAPPENS)
        and rule["Targets"]
        and rule.get("Status", "ENABLED") == "ENABLED"
    }
    yield from (f"{name} fails without a word" for name in pipelines if name not in told)


def every_pipeline_has_the_roles_and_the_canary_that_it_names(
    templates: Templates, places: Places
) -> Iterator[str]:
    """What a pipeline assumes and starts in another account is made there."""
    roles = {it["RoleName"] for _, it in of_type(templates, "AWS::IAM::Role") if "RoleName" in it}
    machines = {
        it["StateMachineName"] for _, it in of_type(templates, "AWS::StepFunctions::StateMachine")
    }
    for name, pipeline in of_type(templates, "AWS::CodePipeline::Pipeline"):
        canary = pipeline["Stages"][-1]["Actions"][-1]
        machine = text(canary["Configuration"].get("StateMachineArn", "")).rpartition(":")[2]
        role = text(canary.get("RoleArn", "")).rpartition("/")[2]
        if machine not in machines or role not in roles:
            yield f"{name} starts {machine} by {role}, which nobody makes"
    for name, project in of_type(templates, "AWS::CodeBuild::Project"):
        for variable in project["Environment"].get("EnvironmentVariables", []):
            if variable["Name"] == "DELIVER_ROLE":
                role = text(variable["Value"])
                if role.rpartition("/")[2] not in roles or not any(
                    f"::{it}:" in role for it in places.accounts.values()
                ):
                    yield f"{name} assumes {role}, which nobody makes"


def a_canary_fails_when_an_alarm_of_its_service_rings(
    templates: Templates, _: Places
) -> Iterator[str]:
    """Its machine looks at the service's alarms, and a ringing one ends it as a failure."""
    for name, machine in of_type(templates, "AWS::StepFunctions::StateMachine"):
        definition = json.loads(text(machine["DefinitionString"]))
        states = definition["States"]
        service = machine["StateMachineName"].partition("-canary-")[2]
        looks = [it for it in states.values() if "describeAlarms" in it.get("Resource", "")]
        prefixes = {it["Parameters"]["AlarmNamePrefix"] for it in looks}
        if not any(it.endswith(f"-prod-{service}-") for it in prefixes) or len(looks) != 1:
            yield f"{name} looks at the alarms of {sorted(prefixes)}"
        rings = [
            states[choice["Next"]]["Type"]
            for it in states.values()
            if it["Type"] == "Choice"
            for choice in it["Choices"]
            if choice["Variable"] == "$.found.ringing" and choice.get("NumericGreaterThan") == 0
        ]
        if rings != ["Fail"]:
            yield f"{name} goes on when an alarm rings: {rings}"
        if not 0 < definition.get("TimeoutSeconds", 0) <= 7200:
            yield f"{name} may watch for ever"


def spending_is_told_before_it_is_too_late(templates: Templates, places: Places) -> Iterator[str]:
    """Each stage has a budget for the system's tag, with a word at half of it and by forecast."""
    budgets = dict(of_type(templates, "AWS::Budgets::Budget"))
    if len(budgets) != len(places.accounts) - 1:
        yield f"{len(budgets)} stages have a budget"
    for name, budget in budgets.items():
        told = {
            (it["Notification"]["NotificationType"], it["Notification"]["Threshold"])
            for it in budget["NotificationsWithSubscribers"]
            if any(person["SubscriptionType"] == "SNS" for person in it["Subscribers"])
        }
        if not {("ACTUAL", 50), ("ACTUAL", 100), ("FORECASTED", 100)} <= told:
            yield f"{name} tells at {sorted(told)}"
        tags = budget["Budget"].get("CostFilters", {}).get("TagKeyValue", [])
        if [it.partition("$")[0] for it in tags] != ["user:system"]:
            yield f"{name} counts what others spend"
    unusual = list(of_type(templates, "AWS::CE::AnomalySubscription"))
    if len(unusual) != len(budgets) or any(it["Frequency"] != "IMMEDIATE" for _, it in unusual):
        yield "an unusual day is told late, or not at all"


def who_tells_of_costs_may_use_the_topic(templates: Templates, _: Places) -> Iterator[str]:
    """Both services may publish, of this account's costs only, and use the topic's key."""
    for stack in (it for it in templates if it.endswith("-budget")):
        one = {stack: templates[stack]}
        for type, document in (
            ("AWS::SNS::TopicPolicy", "PolicyDocument"),
            ("AWS::KMS::Key", "KeyPolicy"),
        ):
            statements = [it for _, r in of_type(one, type) for it in r[document]["Statement"]]
            admitted = {
                service
                for it in statements
                if isinstance(it["Principal"], dict)
                and "aws:SourceAccount" in it.get("Condition", {}).get("StringEquals", {})
                for service in listed(it["Principal"].get("Service", []))
            }
            if admitted != {"budgets.amazonaws.com", "costalerts.amazonaws.com"}:
                yield f"{stack}: {type} admits {sorted(admitted)}"


def listed(value: Any) -> list[Any]:
    """One or several, as a list."""
    return value if isinstance(value, list) else [value]


RULES: tuple[DeliveryRule, ...] = (
    a_pipeline_has_every_stage_and_ends_with_its_canary,
    what_fails_in_a_stage_is_taken_back,
    merges_do_not_run_into_each_other,
    a_pipeline_starts_for_its_own_paths_on_one_branch,
    artifacts_are_encrypted_and_read_by_nobody_else,
    a_role_trusts_one_role_one_service_or_one_job,
    a_role_may_assume_what_is_named,
    a_build_is_private_and_bounded,
    people_hear_of_failures_and_approvals,
    every_pipeline_has_the_roles_and_the_canary_that_it_names,
    a_canary_fails_when_an_alarm_of_its_service_rings,
    spending_is_told_before_it_is_too_late,
    who_tells_of_costs_may_use_the_topic,
)
