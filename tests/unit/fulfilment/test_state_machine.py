"""Step Functions as fulfilment uses it: what has happened already counts as done."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fulfilment.adapters.state_machine import StateMachine
from fulfilment.domain.saga import Progress, Saga
from tests.support.examples.fulfilment import CONTEXT, ORDER, TEN

ARN = "arn:aws:states:eu-west-1:123456789012:stateMachine:saga"
SAGA = Saga(ORDER, CONTEXT, due_at=TEN)


class FakeStepFunctions:
    """Keeps what it is asked, and answers with an error if it has one."""

    def __init__(self, error: str = "") -> None:
        self.error = error
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def start_execution(self, **request: Any) -> dict[str, Any]:
        return self._answer("start_execution", request)

    def describe_execution(self, **request: Any) -> dict[str, Any]:
        return self._answer("describe_execution", request)

    def send_task_success(self, **request: Any) -> dict[str, Any]:
        return self._answer("send_task_success", request)

    def send_task_failure(self, **request: Any) -> dict[str, Any]:
        return self._answer("send_task_failure", request)

    def _answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((operation, request))
        if self.error:
            raise ClientError({"Error": {"Code": self.error, "Message": ""}}, operation)
        return {"status": "RUNNING"}


def test_an_execution_is_named_after_its_order_and_given_its_journey_and_progress() -> None:
    client = FakeStepFunctions()
    StateMachine(client, ARN).start(SAGA, Progress(done=("reserve-stock",), cause="interrupted"))
    [(_, request)] = client.calls
    assert (request["stateMachineArn"], request["name"]) == (ARN, ORDER)
    assert json.loads(request["input"]) == {
        "order_id": ORDER,
        "correlation_id": CONTEXT.correlation_id,
        "causation_id": CONTEXT.causation_id,
        "traceparent": CONTEXT.traceparent,
        "done": ["reserve-stock"],
        "possibly": [],
        "undoing": False,
        "cause": "interrupted",
    }


def test_an_execution_that_is_there_already_counts_as_started() -> None:
    StateMachine(FakeStepFunctions("ExecutionAlreadyExists"), ARN).start(SAGA, Progress())


def test_an_execution_that_cannot_be_started_is_an_error() -> None:
    with pytest.raises(ClientError):
        StateMachine(FakeStepFunctions("ThrottlingException"), ARN).start(SAGA, Progress())


def test_the_status_is_that_of_the_present_attempt() -> None:
    client = FakeStepFunctions()
    assert StateMachine(client, ARN).status(Saga(ORDER, CONTEXT, attempt=3)) == "RUNNING"
    [(_, request)] = client.calls
    assert request["executionArn"] == f"{ARN.replace('stateMachine', 'execution')}:{ORDER}.3"


def test_an_execution_that_was_never_started_has_no_status() -> None:
    assert StateMachine(FakeStepFunctions("ExecutionDoesNotExist"), ARN).status(SAGA) is None


@pytest.mark.parametrize("error", ["TaskDoesNotExist", "TaskTimedOut"])
def test_an_answer_that_nobody_waits_for_any_more_counts_as_given(error: str) -> None:
    machine = StateMachine(FakeStepFunctions(error))
    machine.succeed("token", {})
    machine.fail("token", "Refused", "out-of-stock")


def test_an_answer_that_could_not_be_given_is_an_error() -> None:
    with pytest.raises(ClientError):
        StateMachine(FakeStepFunctions("ThrottlingException")).succeed("token", {})


def test_a_long_cause_is_cut_to_what_step_functions_takes() -> None:
    client = FakeStepFunctions()
    StateMachine(client).fail("token", "Refused", "x" * 40_000)
    assert len(client.calls[0][1]["cause"]) <= 32_768
