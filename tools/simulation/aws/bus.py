"""EventBridge and SNS: at least once, in any order, and sometimes hours late."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from tools.simulation.aws.functions import Functions
from tools.simulation.aws.patterns import matches
from tools.simulation.aws.queues import Queues
from tools.simulation.seam import Call
from tools.simulation.templates import Resource
from tools.simulation.world import World

DEFAULT_BUS = "default"
_SECONDS = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}


class _Deliveries:
    """From those that announce to queues and functions."""

    def __init__(self, world: World, queues: Queues, functions: Functions) -> None:
        self._world = world
        self._queues = queues
        self._functions = functions
        self.under_way = 0

    def deliver(self, arn: str, body: str, attributes: dict[str, Any] | None = None) -> None:
        """Once or twice, soon or late."""
        dice = self._world.dice
        for _ in range(2 if dice.throw("event delivered twice") else 1):
            wait = self._world.random.uniform(0.02, 0.6)
            if dice.throw("event late"):
                wait = dice.between(1, 60) if dice.between(0, 1) < 0.7 else dice.between(60, 7200)
            self.under_way += 1
            self._world.after(wait, lambda: self._arrive(arn, body, attributes))

    def _arrive(self, arn: str, body: str, attributes: dict[str, Any] | None) -> None:
        self.under_way -= 1
        service, name = arn.split(":")[2], arn.rpartition(":")[2]
        if service == "sqs":
            if name in self._queues.queues:
                self._queues.send(name, body, attributes=attributes)
        elif name in self._functions.functions:
            self._functions.invoke(name, msgspec.json.decode(body), lambda _answer, _error: None)


class Bus(_Deliveries):
    """EventBridge with its rules, those on a schedule included; subscribers hear nothing.

    ``is_empty`` says of a table's index whether there is nothing in it.
    """

    def __init__(
        self,
        world: World,
        queues: Queues,
        functions: Functions,
        rules: Sequence[Resource],
        is_empty: Callable[[str, str], bool],
    ) -> None:
        super().__init__(world, queues, functions)
        self._is_empty = is_empty
        self._rules: list[tuple[str, Any, list[str]]] = []
        for rule in rules:
            about = rule.properties
            targets = [it["Arn"] for it in about["Targets"] if "AppSyncParameters" not in it]
            if about["State"] != "ENABLED":
                continue
            if "EventPattern" in about:
                bus = about.get("EventBusName", DEFAULT_BUS)
                self._rules.append((bus, about["EventPattern"], targets))
            elif about["ScheduleExpression"].startswith("rate("):
                self._repeat(about["ScheduleExpression"], targets)

    def operations(self) -> dict[str, Call]:
        """By their names in the API."""
        return {"PutEvents": self._put_events}

    def _put_events(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        results: list[dict[str, str]] = []
        for entry in asked["Entries"]:
            process = self._world.current
            if process is not None and process.vulnerable and self._throws():
                results.append({"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"})
                continue
            results.append({"EventId": str(uuid.uuid4())})
            self.announce(
                entry["EventBusName"], entry["Source"], entry["DetailType"], entry["Detail"]
            )
        return {"FailedEntryCount": sum("ErrorCode" in it for it in results), "Entries": results}

    def _throws(self) -> bool:
        return self._world.dice.throw("entries refused")

    def announce(self, bus: str, source: str, kind: str, detail: str) -> None:
        """One event, to every rule that matches it. ``detail`` is JSON."""
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": kind,
            "source": source,
            "account": "123456789012",
            "time": datetime.fromtimestamp(self._world.now, UTC).isoformat(timespec="seconds"),
            "region": "eu-west-1",
            "resources": [],
            "detail": msgspec.json.decode(detail),
        }
        body = msgspec.json.encode(event).decode()
        name = bus.rpartition("/")[2]
        for of_bus, pattern, targets in self._rules:
            if of_bus == name and matches(pattern, event):
                for target in targets:
                    self.deliver(target, body)

    def _repeat(self, rate: str, targets: Sequence[str]) -> None:
        number, unit = rate.removeprefix("rate(").removesuffix(")").split()
        seconds = int(number) * _SECONDS[unit.removesuffix("s")]

        runs = [
            _Scheduled(self._world, self._functions, name, self._is_empty)
            for name in (target.rpartition(":")[2] for target in targets)
            if name in self._functions.functions
        ]

        def tick() -> None:
            self._world.after(seconds, tick)
            if self._world.dice.throw("schedule missed"):
                return
            for run in runs:
                run.begin()

        self._world.after(self._world.random.uniform(0, seconds), tick)


class _Scheduled:
    """A function on a schedule, which is left out where it would do nothing.

    Its last run made queries of indexes and no other call, and they found nothing. Once no fault
    happens any more, and those indexes have no item at all, it would do the same again. Long quiet
    stretches, in which an event is hours late, are made of such runs.
    """

    def __init__(
        self,
        world: World,
        functions: Functions,
        function: str,
        is_empty: Callable[[str, str], bool],
    ) -> None:
        self._world = world
        self._functions = functions
        self._function = function
        self._is_empty = is_empty
        self._looked_at: set[tuple[str, str]] | None = None

    def begin(self) -> None:
        """Run it, unless that is known to do nothing."""
        looked_at = self._looked_at if self._world.dice.are_over else None
        if looked_at and all(self._is_empty(*place) for place in looked_at):
            return
        event: dict[str, Any] = {}
        if not self._function.endswith("Sweep"):
            event = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}

        def ended(_answer: Any, error: str | None) -> None:
            self._looked_at = process.found_nothing if error is None else None

        process = self._functions.invoke(self._function, event, ended)


class Topics(_Deliveries):
    """SNS with its subscriptions."""

    def __init__(
        self, world: World, queues: Queues, functions: Functions, subscriptions: Sequence[Resource]
    ) -> None:
        super().__init__(world, queues, functions)
        self._subscriptions = [it.properties for it in subscriptions]

    def operations(self) -> dict[str, Call]:
        """By their names in the API."""
        return {"Publish": self._publish}

    def _publish(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        given = asked.get("MessageAttributes", {})
        values = {name: _value(attribute) for name, attribute in given.items()}
        for it in self._subscriptions:
            if it["TopicArn"] == asked["TopicArn"] and matches(it.get("FilterPolicy", {}), values):
                attributes = {
                    name: {"stringValue": a["StringValue"], "dataType": a["DataType"]}
                    for name, a in given.items()
                }
                self.deliver(it["Endpoint"], asked["Message"], attributes)
        return {"MessageId": str(uuid.uuid4())}


def _value(attribute: Mapping[str, str]) -> Any:
    kind, text = attribute["DataType"], attribute["StringValue"]
    if kind == "Number":
        return float(text)
    return json.loads(text) if kind == "String.Array" else text
