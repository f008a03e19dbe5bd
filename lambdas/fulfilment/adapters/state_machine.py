"""The saga's executions in Step Functions."""

from dataclasses import asdict
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from fulfilment.domain.saga import OrderToFulfil, Progress, Saga
from shared.runtime import clock, log

NOBODY_WAITS = frozenset({"TaskDoesNotExist", "TaskTimedOut", "InvalidToken"})
MAX_CAUSE = 256


class StateMachine:
    """Implements ``fulfilment.ports.Executions`` and ``EndedExecutions``.

    ``client`` is a botocore Step Functions client.
    ``arn`` is needed to start and to look at executions, not to answer those that wait.
    """

    def __init__(self, client: Any, arn: str = "") -> None:
        self._client = client
        self._arn = arn

    def start(self, saga: Saga, progress: Progress, placed: OrderToFulfil | None = None) -> None:
        """Start the present attempt; an execution of that name is as good as a new one."""
        given = {"order_id": saga.order_id, **asdict(saga.context), **asdict(progress)}
        if placed is not None:
            given["placed"] = placed
        try:
            self._client.start_execution(
                stateMachineArn=self._arn,
                name=saga.execution_name,
                input=msgspec.json.encode(given).decode(),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise

    def status(self, saga: Saga) -> str | None:
        """As Step Functions names it; None if there is no such execution."""
        try:
            answer = self._client.describe_execution(executionArn=self._execution_arn(saga))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            return None
        return str(answer["status"])

    def ended(self, most: int) -> tuple[list[tuple[str, str]], bool]:
        """One page of Step Functions' list, which has the newest first."""
        answer = self._client.list_executions(
            stateMachineArn=self._arn, statusFilter="SUCCEEDED", maxResults=most
        )
        found = [
            (it["name"], clock.format_time(it["stopDate"]))
            for it in answer["executions"]
            if it.get("stopDate")
        ]
        return found, bool(answer.get("nextToken"))

    def succeed(self, token: str, output: Any) -> None:
        """Nobody may wait any more: the answer is kept anyway, where the next attempt finds it."""
        self._give(
            self._client.send_task_success,
            taskToken=token,
            output=msgspec.json.encode(output).decode(),
        )

    def fail(self, token: str, error: str, cause: str) -> None:
        """The same for an answer that is not ``done``."""
        self._give(
            self._client.send_task_failure, taskToken=token, error=error, cause=cause[:MAX_CAUSE]
        )

    def _give(self, call: Any, **answer: str) -> None:
        try:
            call(**answer)
        except ClientError as error:
            if error.response["Error"]["Code"] not in NOBODY_WAITS:
                raise
            log.metric("RepliesNobodyWaitedFor", 1)

    def _execution_arn(self, saga: Saga) -> str:
        return f"{self._arn.replace(':stateMachine:', ':execution:')}:{saga.execution_name}"
