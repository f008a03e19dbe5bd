"""Step Functions: the deployed definition, interpreted state by state on the virtual clock.

Of the states language it knows what the definition uses: Task with Lambda, with a token, and with
UpdateItem; Choice, Succeed and Fail; JSONata, Assign, Output, Retry, Catch and timeouts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jsonata
import msgspec

from tools.simulation.aws.bus import DEFAULT_BUS, Bus
from tools.simulation.aws.dynamodb import DynamoDb
from tools.simulation.aws.functions import Functions
from tools.simulation.seam import Call, Refusal
from tools.simulation.world import Process, World

Json = dict[str, Any]
LAMBDA_TASK = "lambda:invoke"


class _Failed(Exception):
    """A state ended with an error."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.cause = cause


@dataclass
class Execution:
    """One execution. ``waits`` is for the token that it waits for, with how to wake it."""

    arn: str
    name: str
    machine: str
    input: Json
    status: str = "RUNNING"
    process: Process | None = None
    variables: Json = field(default_factory=dict)
    handed_on: Any = None
    """What the present state was given: the execution's input, or what the last state put out."""


class Machines:
    """The service, for state machines by their ARNs: each a definition with its substitutions."""

    def __init__(
        self,
        world: World,
        functions: Functions,
        dynamodb: DynamoDb,
        bus: Bus,
        definitions: Mapping[str, Json],
    ) -> None:
        self._world = world
        self._functions = functions
        self._dynamodb = dynamodb
        self._bus = bus
        self._definitions = definitions
        self.executions: dict[str, Execution] = {}
        self._tokens: dict[str, Callable[[Any], None] | None] = {}
        """By token, how to answer who waits for it; None once nobody does."""

    @property
    def running(self) -> int:
        """How many executions have not ended."""
        return sum(it.status == "RUNNING" for it in self.executions.values())

    def operations(self) -> dict[str, Call]:
        """By their names in the API."""
        return {
            "StartExecution": self._start,
            "DescribeExecution": self._describe,
            "SendTaskSuccess": lambda asked: self._answer(
                asked, (json.loads(asked["output"]), None)
            ),
            "SendTaskFailure": lambda asked: self._answer(
                asked, (None, _Failed(asked["error"], asked["cause"]))
            ),
        }

    def _start(self, asked: Mapping[str, Any]) -> Json:
        machine, name = asked["stateMachineArn"], asked["name"]
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        given = json.loads(asked["input"])
        known = self.executions.get(arn)
        if known is not None:
            if known.status == "RUNNING" and known.input == given:
                return {"executionArn": arn, "startDate": 0}
            raise Refusal("ExecutionAlreadyExists", name)
        execution = Execution(arn, name, machine, given)
        self.executions[arn] = execution
        execution.process = self._world.spawn(
            f"execution {name}",
            lambda: self._run(execution),
            lambda _answer, error: self._ended(execution, error),
        )
        if self._world.dice.throw("execution lost"):
            wait = self._world.dice.between(0.1, 60)
            self._world.after(wait, lambda: self._abort(execution))
        return {"executionArn": arn, "startDate": 0}

    def _describe(self, asked: Mapping[str, Any]) -> Json:
        execution = self.executions.get(asked["executionArn"])
        if execution is None:
            raise Refusal("ExecutionDoesNotExist", asked["executionArn"])
        return {"status": execution.status, "name": execution.name}

    def _answer(self, asked: Mapping[str, Any], answer: Any) -> Json:
        token = asked["taskToken"]
        if token not in self._tokens:
            raise Refusal("InvalidToken", "Invalid Token")
        wake = self._tokens[token]
        if wake is None:
            raise Refusal("TaskTimedOut", "Task Timed Out")
        self._tokens[token] = None
        wake(answer)
        return {}

    def _abort(self, execution: Execution) -> None:
        """AWS loses it, or somebody aborts it."""
        if execution.status != "RUNNING" or execution.process is None:
            return
        execution.process.kill()
        self._close(execution, "ABORTED" if self._world.random.random() < 0.5 else "FAILED")

    def _ended(self, execution: Execution, error: BaseException | None) -> None:
        if error is None:
            self._close(execution, "SUCCEEDED")
        elif isinstance(error, _Failed):
            self._close(execution, "FAILED")
        else:
            raise error

    def _close(self, execution: Execution, status: str) -> None:
        execution.status = status
        self._world.tell("execution", execution.name, status)
        detail = {
            "executionArn": execution.arn,
            "stateMachineArn": execution.machine,
            "name": execution.name,
            "status": status,
        }
        kind = "Step Functions Execution Status Change"
        if not self._world.dice.throw("status event lost"):
            self._bus.announce(DEFAULT_BUS, "aws.states", kind, json.dumps(detail))

    def _run(self, execution: Execution) -> None:
        definition = self._definitions[execution.machine]
        execution.handed_on = execution.input
        name: str | None = definition["StartAt"]
        while name is not None:
            state = definition["States"][name]
            self._world.tell("execution", execution.name, "enters", repr(name))
            self._world.pause(self._world.random.uniform(0.005, 0.05))
            if state["Type"] == "Succeed":
                return
            if state["Type"] == "Fail":
                raise _Failed(state["Error"], state["Cause"])
            if state["Type"] == "Choice":
                name = self._choose(execution, state)
            else:
                name = self._task(execution, state)

    def _choose(self, execution: Execution, state: Json) -> str:
        for choice in state["Choices"]:
            if _filled(choice["Condition"], execution.variables, _context(execution)):
                states = _context(execution)
                self._assign(execution, choice, states, execution.handed_on)
                return str(choice["Next"])
        return str(state["Default"])

    def _task(self, execution: Execution, state: Json) -> str | None:
        """The state that follows, None after the last."""
        tried = [0] * len(state.get("Retry", ()))
        while True:
            try:
                result = self._attempt(execution, state)
            except _Failed as failed:
                wait = self._retry(state, tried, failed.error)
                if wait is not None:
                    self._world.pause(wait)
                    continue
                return self._catch(execution, state, failed)
            self._assign(execution, state, {**_context(execution), "result": result}, result)
            return None if state.get("End") else str(state["Next"])

    def _retry(self, state: Json, tried: list[int], error: str) -> float | None:
        """Seconds until the next try, or None."""
        for number, rule in enumerate(state.get("Retry", ())):
            if not _is_named(error, rule["ErrorEquals"]):
                continue
            if tried[number] >= rule.get("MaxAttempts", 3):
                return None
            wait = rule.get("IntervalSeconds", 1) * rule.get("BackoffRate", 2) ** tried[number]
            tried[number] += 1
            wait = min(wait, rule.get("MaxDelaySeconds", wait))
            is_full = rule.get("JitterStrategy") == "FULL"
            return float(self._world.random.uniform(0, wait) if is_full else wait)
        return None

    def _catch(self, execution: Execution, state: Json, failed: _Failed) -> str:
        for rule in state.get("Catch", ()):
            if _is_named(failed.error, rule["ErrorEquals"]):
                output = {"Error": failed.error, "Cause": failed.cause}
                states = {**_context(execution), "errorOutput": output}
                self._assign(execution, rule, states, output)
                return str(rule["Next"])
        raise failed

    def _assign(self, execution: Execution, rule: Json, states: Json, output: Any) -> None:
        """Variables and what the next state is given, of which neither sees the other."""
        variables = execution.variables
        assigned = {
            name: _filled(value, variables, states)
            for name, value in rule.get("Assign", {}).items()
        }
        if "Output" in rule:
            output = _filled(rule["Output"], variables, states)
        execution.handed_on = output
        execution.variables = variables | assigned

    def _attempt(self, execution: Execution, state: Json) -> Any:
        resource = state["Resource"].partition(":states:::")[2]
        states = _context(execution)
        token = None
        if resource.endswith(".waitForTaskToken"):
            token = f"token-{len(self._tokens)}"
            states["context"]["Task"] = {"Token": token}
        arguments = _filled(state["Arguments"], execution.variables, states)
        if token is not None:
            return self._wait_for_token(execution, arguments, token, state["TimeoutSeconds"])
        if resource == "dynamodb:updateItem":
            return self._dynamodb.update_item(arguments)
        if resource == LAMBDA_TASK:
            return {"Payload": self._invoke(arguments), "StatusCode": 200}
        raise NotImplementedError(resource)

    def _wait_for_token(
        self, execution: Execution, arguments: Json, token: str, seconds: float
    ) -> Any:
        """The answer comes to the token; the sender's own end matters if it fails."""
        world, process = self._world, execution.process
        assert process is not None
        turn = process.turn

        def answered(answer: Any) -> None:
            world.after(0.0, lambda: process.resume(answer, turn))

        def sent(_answer: Any, error: str | None) -> None:
            if error is not None:
                answered((None, _Failed(error)))

        def timed_out() -> None:
            process.resume((None, _Failed("States.Timeout")), turn)

        self._tokens[token] = answered
        name = arguments["FunctionName"].rpartition(":")[2]
        self._functions.invoke(name, _copied(arguments["Payload"]), sent)
        world.after(seconds, timed_out)
        try:
            result, failed = world.wait()
        finally:
            self._tokens[token] = None
        if failed is not None:
            raise failed
        return result

    def _invoke(self, arguments: Json) -> Any:
        world, process = self._world, self._world.current
        assert process is not None
        turn = process.turn

        def ended(answer: Any, error: str | None) -> None:
            world.after(0.0, lambda: process.resume((answer, error), turn))

        name = arguments["FunctionName"].rpartition(":")[2]
        self._functions.invoke(name, _copied(arguments["Payload"]), ended)
        answer, error = world.wait()
        if error is not None:
            raise _Failed(error)
        return _copied(answer)


def _context(execution: Execution) -> Json:
    about = {"Id": execution.arn, "Name": execution.name, "Input": execution.input}
    return {"context": {"Execution": about}, "input": execution.handed_on}


def _is_named(error: str, names: list[str]) -> bool:
    if "States.ALL" in names or error in names:
        return True
    return "States.TaskFailed" in names and error != "States.Timeout"


def _copied(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


_compiled: dict[str, Any] = {}
_PATH = re.compile(r"\$\w+(?:\.\w+)*")


def _at_path(text: str, scope: Json) -> Any:
    """What stands at a path of names, as nearly all expressions are; None if JSONata has to say.

    A list may come apart on a path, so lists are JSONata's.
    """
    if _PATH.fullmatch(text) is None:
        return None
    found: Any = scope
    for name in text[1:].split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return None if isinstance(found, list) else found


def _filled(value: Any, variables: Json, states: Json) -> Any:
    """A value with its expressions evaluated."""
    if isinstance(value, dict):
        return {key: _filled(it, variables, states) for key, it in value.items()}
    if isinstance(value, list):
        return [_filled(it, variables, states) for it in value]
    if not (isinstance(value, str) and value.startswith("{%")):
        return value
    text = value.removeprefix("{%").removesuffix("%}").strip()
    scope = {**variables, "states": states}
    found = _at_path(text, scope)
    if found is None:
        if text not in _compiled:
            _compiled[text] = jsonata.Jsonata(text)
        found = _compiled[text].evaluate(None, scope)
    if found is None and not text.endswith("cause"):
        raise _Failed("States.QueryEvaluationError", text)
    return found
