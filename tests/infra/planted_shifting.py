"""Faults for the rules about new versions behind an API."""

from typing import Any

from tests.infra.planted_faults import Plant, allow, body
from tests.infra.rules import Rule, shifting
from tests.infra.rules.shifting import ALARM, GROUP, METHOD
from tests.infra.system import ALIAS, System


def call_the_function_itself(system: System) -> None:
    """As in dev."""
    resources = system.templates["orders"].body["Resources"]
    aliases = {id: it for id, it in resources.items() if it["Type"] == ALIAS}
    for it in resources.values():
        if it["Type"] == METHOD and (uri := it["Properties"]["Integration"].get("Uri")):
            uri["Fn::Join"][1] = [_function(part, aliases) for part in uri["Fn::Join"][1]]


def _function(part: Any, aliases: dict[str, Any]) -> Any:
    match part:
        case {"Ref": str() as name} if name in aliases:
            return {"Fn::GetAtt": [aliases[name]["Properties"]["FunctionName"]["Ref"], "Arn"]}
    return part


def move_at_once(system: System) -> None:
    """CloudFormation does, unless it is told to ask CodeDeploy."""
    del body(system, "orders", ALIAS, "PlaceOrder")["UpdatePolicy"]


def change_group(**values: Any) -> Plant:
    """Other properties for the group that shifts PlaceOrder."""

    def plant(system: System) -> None:
        body(system, "orders", GROUP, "PlaceOrder")["Properties"].update(values)

    return plant


def watch(*kept: int) -> Plant:
    """Only these of the group's alarms."""

    def plant(system: System) -> None:
        alarms = body(system, "orders", GROUP, "PlaceOrder")["Properties"]["AlarmConfiguration"]
        alarms["Alarms"] = [alarms["Alarms"][it] for it in kept]

    return plant


def tell_of_every_version(system: System) -> None:
    """Of which the old one answers nine of ten calls."""
    alarm = body(system, "orders", ALARM, "PlaceOrderNewVersionFails")["Properties"]
    for it in alarm["Metrics"]:
        dimensions = it.get("MetricStat", {}).get("Metric", {}).get("Dimensions", [])
        dimensions[:] = [each for each in dimensions if each["Name"] == "FunctionName"]


PLANTED: tuple[tuple[Rule, str, Plant], ...] = (
    (
        shifting.apis_call_aliases_where_calls_are_shifted,
        "the function itself",
        call_the_function_itself,
    ),
    (shifting.an_alias_is_shifted_while_alarms_are_quiet, "at once", move_at_once),
    (
        shifting.an_alias_is_shifted_while_alarms_are_quiet,
        "all calls from the beginning",
        change_group(DeploymentConfigName="CodeDeployDefault.LambdaAllAtOnce"),
    ),
    (
        shifting.an_alias_is_shifted_while_alarms_are_quiet,
        "no way back",
        change_group(AutoRollbackConfiguration={"Enabled": False}),
    ),
    (
        shifting.an_alias_is_shifted_while_alarms_are_quiet,
        "not on alarms",
        change_group(AutoRollbackConfiguration={"Enabled": True, "Events": ["DEPLOYMENT_FAILURE"]}),
    ),
    (
        shifting.an_alias_is_shifted_while_alarms_are_quiet,
        "no alarms",
        change_group(AlarmConfiguration={"Enabled": False}),
    ),
    (shifting.an_alias_is_shifted_while_alarms_are_quiet, "not the API's", watch(1)),
    (shifting.an_alias_is_shifted_while_alarms_are_quiet, "the API's alone", watch(0)),
    (
        shifting.an_alias_is_shifted_while_alarms_are_quiet,
        "both versions together",
        tell_of_every_version,
    ),
    (
        shifting.codedeploy_may_shift_and_nothing_else,
        "calls the function",
        allow("orders", "ShiftRole", "lambda:InvokeFunction", "*"),
    ),
    (
        shifting.codedeploy_may_shift_and_nothing_else,
        "every function's aliases",
        allow("orders", "ShiftRole", "lambda:UpdateAlias", "arn:aws:lambda:eu-west-1:1:function:*"),
    ),
)
