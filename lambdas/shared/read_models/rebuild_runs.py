"""Executions of a view's rebuild machine: the newest one, and a new one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from shared.runtime import clock

RUNNING = "RUNNING"


@dataclass(frozen=True, slots=True)
class Run:
    """One execution: ``status`` in the service's words, such as RUNNING; times in RFC 3339 UTC."""

    name: str
    status: str
    started_at: str
    ended_at: str | None


class RebuildRuns:
    """``client`` is a botocore Step Functions client."""

    def __init__(self, client: Any, machine_arn: str) -> None:
        self._client = client
        self._machine = machine_arn

    def running(self) -> Run | None:
        """One that runs."""
        found = self._client.list_executions(
            stateMachineArn=self._machine, statusFilter=RUNNING, maxResults=1
        )
        return next((_run(it) for it in found["executions"]), None)

    def start(self, name: str, request: Mapping[str, Any]) -> bool:
        """Start an execution of that name; False if it runs already, or has ended.

        Of two who start the same at the same time, one does, and the other joins.
        """
        try:
            self._client.start_execution(
                stateMachineArn=self._machine, name=name, input=json.dumps(request)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
            return False
        return True

    def newest(self) -> Run | None:
        """The one that was started last."""
        found = self._client.list_executions(stateMachineArn=self._machine, maxResults=1)
        return next((_run(it) for it in found["executions"]), None)


def _run(execution: dict[str, Any]) -> Run:
    ended = execution.get("stopDate")
    return Run(
        execution["name"],
        execution["status"],
        clock.format_time(execution["startDate"]),
        clock.format_time(ended) if ended else None,
    )
