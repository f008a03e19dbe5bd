"""A stack holds any number of read models, and a fifth reader of the log has a fan-out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk import Environment as Account

from stacks.constructs import microservice_function
from stacks.constructs.log_consumer import LogConsumer
from stacks.constructs.read_model import ReadModel
from stacks.constructs.service_stack import ServiceStack
from stacks.constructs.service_table import ServiceTable, text
from stacks.services import Service
from stacks.stage import stage_named
from tests.infra.rules.consumers import (
    every_stream_consumer_says_when_it_is_behind,
    streams_are_retried_without_limit,
    streams_have_few_readers,
)
from tests.infra.system import CONTEXT, System, Template, synthesized
from tools.base.assembly import Assembly

DEV = stage_named("dev", "cloud", CONTEXT["region"])
FAN_OUT = "AWS::Kinesis::StreamConsumer"


class Returns(ServiceStack):
    """Two views of its own; ``fan_out`` says how they read."""

    def __init__(self, scope: App, *, fan_out: bool, prefixes: tuple[str, str]) -> None:
        super().__init__(
            scope,
            Service(name="returns", owner="research", purpose="somebody new"),
            stage=DEV,
            env=Account(region=DEV.region),
        )
        key = self.make_key()
        for name, prefix in zip(("Returns", "Reasons"), prefixes, strict=True):
            table = ServiceTable(self, name, key=key, partition_key=text("id"))
            ReadModel(
                self,
                f"Project{name}",
                table=table,
                variable=f"{name.upper()}_TABLE",
                handler=f"project_{name.lower()}",
                description="Follows the log",
                writes=["dynamodb:UpdateItem"],
                prefix=prefix,
                fan_out=fan_out,
            )


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package for a service that nobody has written."""
    file = tmp_path / "returns.zip"
    file.write_bytes(b"PK\x05\x06" + bytes(18))
    monkeypatch.setattr(microservice_function, "asset_path", lambda *_: file)


def returns(out: Path, *, fan_out: bool, prefixes: tuple[str, str] = ("", "Reasons")) -> Any:
    app = App(outdir=str(out), context=CONTEXT)
    Returns(app, fan_out=fan_out, prefixes=prefixes)
    (stack,) = Assembly(Path(app.synth().directory)).stacks
    return stack.template


def beside_the_others(template: Any) -> System:
    system = synthesized("dev").to_be_changed()
    system.templates["returns"] = Template(system, "returns", template, frozenset(), {})
    return system


def test_each_view_of_a_stack_has_resources_of_its_own(tmp_path: Path) -> None:
    template = returns(tmp_path / "out", fan_out=True)
    functions = {
        it["Properties"]["Handler"].split(".")[2]
        for it in template["Resources"].values()
        if it["Type"] == "AWS::Lambda::Function" and "Handler" in it["Properties"]
    }
    assert functions == {
        *("project_returns", "redrive", "rebuild", "show", "change"),
        *("project_reasons", "redrive_reasons", "rebuild_reasons", "show_reasons"),
        "change_reasons",
    }
    published = {
        it["Properties"]["Name"].rpartition("/")[2]
        for it in template["Resources"].values()
        if it["Type"] == "AWS::SSM::Parameter"
    }
    assert published == {
        *("redrive-arn", "rebuild-arn", "rebuild-machine-arn", "show-arn"),
        *("change-arn", "reasons-change-arn"),
        *("reasons-redrive-arn", "reasons-rebuild-arn", "reasons-rebuild-machine-arn"),
        "reasons-show-arn",
    }
    machines = [
        it["Properties"]["StateMachineName"]
        for it in template["Resources"].values()
        if it["Type"] == "AWS::StepFunctions::StateMachine"
    ]
    assert len(machines) == len(set(machines)) == 2


def test_two_views_without_a_prefix_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="Parked"):
        returns(tmp_path / "out", fan_out=True, prefixes=("", ""))


def test_a_fifth_reader_without_a_fan_out_is_found_and_one_with_it_is_not(tmp_path: Path) -> None:
    shared = beside_the_others(returns(tmp_path / "shared", fan_out=False))
    assert [it for it in streams_have_few_readers(shared) if "fan-out" in it]
    own = beside_the_others(returns(tmp_path / "own", fan_out=True))
    assert list(streams_have_few_readers(own)) == []
    for rule in (streams_are_retried_without_limit, every_stream_consumer_says_when_it_is_behind):
        assert list(rule(own)) == []


def test_who_has_a_fan_out_may_read_by_it(tmp_path: Path) -> None:
    template = returns(tmp_path / "out", fan_out=True)
    (role,) = [
        it["Properties"]["PolicyDocument"]["Statement"]
        for id, it in template["Resources"].items()
        if it["Type"] == "AWS::IAM::Policy" and id.startswith("ProjectReturnsRole")
    ]
    allowed = Counter(action for it in role for action in _actions(it))
    assert allowed["kinesis:SubscribeToShard"] >= 1
    assert sum(it["Type"] == FAN_OUT for it in template["Resources"].values()) == 2


def test_a_consumers_names_follow_from_its_prefix() -> None:
    further = object.__new__(LogConsumer)
    further.prefix = "DailyReturns"
    assert further.handler_of("redrive") == "redrive_daily_returns"
    assert further.parameter_of("redrive-arn") == "daily-returns-redrive-arn"


def _actions(statement: dict[str, Any]) -> list[str]:
    actions = statement["Action"]
    return actions if isinstance(actions, list) else [actions]
