"""One execution of the machine that leads a release: begun, followed, and how it ended."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.base.errors import OperationFailed
from tools.base.target import Target

LOOK_SECONDS = 0.5
RUNNING = "RUNNING"
OBSERVE = "Observe"


@dataclass(frozen=True)
class Ended:
    """``status`` as Step Functions has it; ``error`` and ``cause`` of an execution that failed."""

    status: str
    error: str
    cause: str

    @property
    def is_promoted(self) -> bool:
        return self.status == "SUCCEEDED"


@dataclass(frozen=True)
class Execution:
    """A release under way."""

    arn: str
    client: Any

    @classmethod
    def begin(cls, target: Target, service: str, version: str) -> Execution:
        """Raises OperationFailed: there is no machine for releases."""
        client = target.client("stepfunctions")
        answer = client.start_execution(
            stateMachineArn=target.find("releases", "machine-arn"),
            name=f"{service}.{version}.{uuid.uuid4().hex[:8]}",
            input=json.dumps({"service": service, "version": version}),
        )
        return cls(answer["executionArn"], client)

    def ended(self) -> Ended | None:
        """None while it runs."""
        found = self.client.describe_execution(executionArn=self.arn)
        if found["status"] == RUNNING:
            return None
        return Ended(found["status"], found.get("error", ""), found.get("cause", ""))

    def observations(self) -> list[Mapping[str, Any]]:
        """What each observation saw, the first one first."""
        seen: list[Mapping[str, Any]] = []
        pages = self.client.get_paginator("get_execution_history").paginate(executionArn=self.arn)
        for page in pages:
            for event in page["events"]:
                details = event.get("stateExitedEventDetails", {})
                if details.get("name") == OBSERVE:
                    seen.append(json.loads(details["output"]))
        return seen

    def follow(
        self,
        wait: Callable[[float], None] = time.sleep,
        patience: float = 3600,
    ) -> Iterator[Mapping[str, Any] | Ended]:
        """Each observation once, then the end. Raises OperationFailed: it does not end in time."""
        told = 0
        until = time.monotonic() + patience
        while time.monotonic() < until:
            ended = self.ended()
            seen = self.observations()
            yield from seen[told:]
            told = len(seen)
            if ended is not None:
                yield ended
                return
            wait(LOOK_SECONDS)
        raise OperationFailed(f"{self.arn} does not end")


def line_of(seen: Mapping[str, Any]) -> str:
    """An observation in one line."""
    sides = ", ".join(f"{side} {_figures(seen[side])}" for side in ("old", "new"))
    return (
        f"{seen['phase']:<9} {seen['weight']:>3.0f} %  {seen['seconds']:>5.1f} s  {sides}  "
        f"-> {seen['next']}: {seen['reason']}"
    )


def _figures(figures: Mapping[str, Any]) -> str:
    slow = figures["slow_ms"]
    return f"{figures['calls']} calls, {figures['failed']} failed" + (
        f", {slow:.0f} ms" if slow is not None else ""
    )
