"""Another service has event-sourced aggregates: what the constructs make keeps the rules."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk import Environment as Account

from stacks.constructs import microservice_function
from stacks.constructs.event_store import EventStore
from stacks.constructs.service_stack import ServiceStack
from stacks.services import Service
from stacks.stage import stage_named
from tests.infra.rules import Rule
from tests.infra.rules.consumers import (
    every_stream_consumer_says_when_it_is_behind,
    streams_are_retried_without_limit,
)
from tests.infra.rules.permissions import only_relay_and_intake_put_records_on_the_log
from tests.infra.system import CONTEXT, System, Template, synthesized
from tools.base.assembly import Assembly

DEV = stage_named("dev", "cloud", CONTEXT["region"])


class Parcels(ServiceStack):
    """Two aggregates of one service: the first with the usual ids, the second with its own."""

    def __init__(self, scope: App) -> None:
        super().__init__(
            scope,
            Service(name="parcels", owner="research", purpose="somebody new"),
            stage=DEV,
            env=Account(region=DEV.region),
        )
        key = self.make_key()
        parcels = EventStore(self, key=key, id_name="parcel_id")
        parcels.read_by_others()
        parcels.relayed_by(description="Publishes parcels' events")
        depots = EventStore(self, "DepotEvents", key=key, id_name="depot_id")
        depots.read_by_others(
            "ReadDepots", handler="read_depots", parameter="read-depots-arn", description="Reads"
        )
        depots.relayed_by(
            "RelayDepots",
            handler="relay_depots",
            parameter="relay-depots-arn",
            description="Publishes depots' events",
            reserved_concurrency=5,
        )


@pytest.fixture(scope="module")
def parcels(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The service's template; its package is one that nobody has written."""
    out = tmp_path_factory.mktemp("parcels")
    file = out / "parcels.zip"
    file.write_bytes(b"PK\x05\x06" + bytes(18))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(microservice_function, "asset_path", lambda *_: file)
        app = App(outdir=str(out / "app"), context=CONTEXT)
        Parcels(app)
        (stack,) = Assembly(Path(app.synth().directory)).stacks
    return stack.template


def beside_the_others(template: Any) -> System:
    system = synthesized("dev").to_be_changed()
    system.templates["parcels"] = Template(system, "parcels", template, frozenset(), {})
    return system


def of_type(template: Any, kind: str) -> dict[str, Any]:
    return {id: it["Properties"] for id, it in template["Resources"].items() if it["Type"] == kind}


def test_each_event_is_found_by_its_aggregate_and_its_version(parcels: Any) -> None:
    tables = of_type(parcels, "AWS::DynamoDB::GlobalTable").values()
    keys = [[(it["AttributeName"], it["KeyType"]) for it in t["KeySchema"]] for t in tables]
    assert keys == [
        [("parcel_id", "HASH"), ("version", "RANGE")],
        [("depot_id", "HASH"), ("version", "RANGE")],
    ]
    assert [it["StreamSpecification"]["StreamViewType"] for it in tables] == ["NEW_IMAGE"] * 2


def test_each_aggregate_has_its_relay_and_its_reader_and_others_find_both(parcels: Any) -> None:
    functions = {
        it["Handler"]: it["Environment"]["Variables"]
        for it in of_type(parcels, "AWS::Lambda::Function").values()
        if it.get("Handler", "").startswith("parcels.")
    }
    tables = list(of_type(parcels, "AWS::DynamoDB::GlobalTable"))
    read = {name: it["EVENT_STORE_TABLE"]["Ref"] for name, it in functions.items()}
    assert read == {
        "parcels.handlers.read_events.handler": tables[0],
        "parcels.handlers.relay.handler": tables[0],
        "parcels.handlers.read_depots.handler": tables[1],
        "parcels.handlers.relay_depots.handler": tables[1],
    }
    assert {name for name, it in functions.items() if "EVENT_STREAM_ARN" in it} == {
        "parcels.handlers.relay.handler",
        "parcels.handlers.relay_depots.handler",
    }
    published = {
        it["Name"].rpartition("/")[2] for it in of_type(parcels, "AWS::SSM::Parameter").values()
    }
    assert published == {"read-events-arn", "relay-arn", "read-depots-arn", "relay-depots-arn"}


def test_whoever_relays_is_late_or_publishes_nothing_is_told_of(parcels: Any) -> None:
    alarms = {
        it["AlarmDescription"].partition(";")[0]
        for it in of_type(parcels, "AWS::CloudWatch::Alarm").values()
    }
    assert "parcels: events cannot be published" in alarms
    for name in ("Relay", "RelayDepots"):
        for state in ("is late", "is behind", "reads nothing", "is throttled"):
            assert f"parcels: {name} {state}" in alarms


@pytest.mark.parametrize(
    "rule",
    [
        every_stream_consumer_says_when_it_is_behind,
        streams_are_retried_without_limit,
        only_relay_and_intake_put_records_on_the_log,
    ],
    ids=lambda rule: rule.__name__,
)
def test_it_keeps_the_rules(rule: Rule, parcels: Any) -> None:
    assert list(rule(beside_the_others(parcels))) == []


def test_a_relay_that_reads_the_log_too_may_not_write_it(parcels: Any) -> None:
    template = deepcopy(parcels)
    mapping = next(
        it
        for it in template["Resources"].values()
        if it["Type"] == "AWS::Lambda::EventSourceMapping"
    )
    reads_the_log = {**mapping["Properties"], "EventSourceArn": "arn:aws:kinesis:::stream/log"}
    template["Resources"]["Planted"] = {**mapping, "Properties": reads_the_log}
    system = beside_the_others(template)
    (found,) = only_relay_and_intake_put_records_on_the_log(system)
    assert "Relay" in found
