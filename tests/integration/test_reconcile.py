"""Event store, log and archive are proved to hold the same, and made to when they do not."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.drivers.offline import eventually
from tests.support.drivers.own_system import OwnSystem, own_system
from tools.operations.__main__ import main
from tools.operations.reconcile import Scope, hours_of, through_machine


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnSystem]:
    with own_system(tmp_path_factory.mktemp("reconcile")) as own:
        own.place(3)
        own.settle()
        yield own


@contextmanager
def relay_not_listening(system: OwnSystem) -> Iterator[None]:
    """The stream's mapping is deleted, and made again at the latest record: as if trimmed."""
    functions = system.deployment.cloud.client("lambda")
    relay = system.deployment.named("orders", "functions", "Relay")
    (mapping,) = functions.list_event_source_mappings(FunctionName=relay)["EventSourceMappings"]
    functions.delete_event_source_mapping(UUID=mapping["UUID"])
    try:
        yield
    finally:
        functions.create_event_source_mapping(
            FunctionName=relay,
            EventSourceArn=mapping["EventSourceArn"],
            StartingPosition="LATEST",
            BatchSize=mapping["BatchSize"],
            FilterCriteria=mapping["FilterCriteria"],
        )


def complete(system: OwnSystem) -> bool:
    missing = system.reconcile()["missing"]
    assert not any(place["count"] for place in missing.values()), missing
    return True


def named(missing: Any) -> set[str]:
    return {name["id"] for name in missing["names"]}


def test_while_nothing_is_missing_all_three_hold_the_same_every_hour(system: OwnSystem) -> None:
    eventually(lambda: complete(system))
    answer = system.reconcile()
    events = sum(len(events) for events in system.stored().values())
    assert answer["places"]["store"]["events"] == events
    assert answer["differing"] == {"count": 0, "hours": []}
    hours = list(hours_of(system.target, answer["run"]))
    assert len(hours) == answer["hours"]
    for hour in hours:
        # Other services' integration events are on the log and in the archive as well.
        assert hour["log"] == hour["archive"]
        assert hour["log"]["events"] > hour["store"]["events"]


def test_events_that_never_reached_the_log_are_named_published_and_archived(
    system: OwnSystem,
) -> None:
    with relay_not_listening(system):
        lost = set(system.place(3))
        before = system.reconcile()
    assert named(before["missing"]["log"]) == named(before["missing"]["archive"]) == lost
    assert before["missing"]["store"]["count"] == 0
    assert before["republished"] == before["back_filled"] == 0
    assert not any(system.read(order_id).status == 200 for order_id in lost), "a dry run changed it"

    repaired = system.reconcile(repair=True)

    assert (repaired["republished"], repaired["back_filled"]) == (3, 3)
    system.settle()
    eventually(lambda: complete(system))


def test_an_integration_event_that_only_the_archive_has_is_published_again(
    system: OwnSystem,
) -> None:
    key, event = next(
        (key, event)
        for key, body in system.archived().items()
        if not key.startswith("events/backfill/")
        for event in map(json.loads, body.splitlines())
        if event.get("version") is None
    )
    lost = {**event, "event_id": str(uuid.uuid4())}
    system.deployment.cloud.client("s3").put_object(
        Bucket=system.archive, Key=f"{key}.only", Body=json.dumps(lost).encode() + b"\n"
    )
    missing = system.reconcile()["missing"]
    assert named(missing["log"]) == {lost["event_id"]}
    assert system.reconcile(repair=True)["republished"] == 1
    eventually(lambda: complete(system), timeout=30)


@pytest.mark.nightly
def test_an_archive_that_never_began_is_filled_once(system: OwnSystem) -> None:
    eventually(lambda: complete(system))
    s3 = system.deployment.cloud.client("s3")
    for key in system.archived():
        s3.delete_object(Bucket=system.archive, Key=key)
    everything = system.reconcile()["missing"]["archive"]["count"]
    assert everything > sum(len(events) for events in system.stored().values())

    assert system.reconcile(repair=True)["back_filled"] == everything

    filled = system.archived()
    assert all(key.startswith("events/backfill/day=") for key in filled)
    lines = [line for body in filled.values() for line in gzip.decompress(body).splitlines()]
    assert len(lines) == everything
    again = system.reconcile(repair=True)
    assert (again["back_filled"], again["republished"]) == (0, 0)
    assert system.archived().keys() == filled.keys()
    assert complete(system)


@pytest.mark.nightly
def test_what_was_archived_twice_is_not_counted_twice(system: OwnSystem) -> None:
    eventually(lambda: complete(system))
    before = system.reconcile()["places"]
    for key, body in system.archived().items():
        copy = f"{key}.again"
        system.deployment.cloud.client("s3").put_object(Bucket=system.archive, Key=copy, Body=body)
    assert system.reconcile()["places"] == before
    assert complete(system)


@pytest.mark.nightly
def test_what_happened_lately_is_compared_by_itself(system: OwnSystem) -> None:
    eventually(lambda: complete(system))
    lately, ever = system.reconcile(hours=73), system.reconcile()
    assert lately["since"]
    assert not ever["since"]
    assert lately["places"] == ever["places"]
    assert lately["places"]["store"]["events"] > 0


def test_the_state_machine_finds_and_repairs_the_same(system: OwnSystem) -> None:
    with relay_not_listening(system):
        (lost,) = system.place()
        found = through_machine(system.target, repair=False, scope=Scope(73, 0))
    assert named(found["missing"]["log"]) == named(found["missing"]["archive"]) == {lost}
    assert (found["republished"], found["back_filled"]) == (0, 0)

    repaired = through_machine(system.target, repair=True, scope=Scope(73, 0))

    assert (repaired["republished"], repaired["back_filled"]) == (1, 1)
    system.settle()
    eventually(lambda: complete(system))


def test_the_command_shows_what_differs_and_repairs_it(
    system: OwnSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--workspace", system.workspace, "reconcile", "--settle", "0"]
    with relay_not_listening(system):
        (lost,) = system.place()
        assert main(command) == 2
    shown = capsys.readouterr().out
    assert f"version   1 of order {lost}" in shown
    assert "nothing was changed" in shown
    assert main([*command, "--confirm"]) == 0
    assert "published again: 1, added to the archive: 1" in capsys.readouterr().out
    system.settle()
