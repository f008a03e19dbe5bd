"""Reconciliation as a state machine: read the three places, compare day by day, repair."""

from typing import Any

from stacks.constructs.machine_states import INVOKE, RETRY, Json, for_each, step_of

AT_ONCE = 8
"""Functions at work together: each reads a shard, a day of the archive or a part of the store, and
those who serve customers need the account's functions too."""


def reconcile_machine() -> Json:
    """The definition; ``${Reconcile}`` is the function that takes the steps.

    Its input is ``{hours, settle_seconds, repair}``; ``hours`` is null for everything. A run has
    its execution's name.
    """
    return {
        "Comment": "Compares event store, log and archive, and repairs what is missing",
        "StartAt": "Plan",
        "States": {
            "Plan": _step(
                {
                    "step": "plan",
                    "run.$": "$$.Execution.Name",
                    "hours.$": "$.hours",
                    "settle_seconds.$": "$.settle_seconds",
                },
                ResultSelector={"run.$": "$.Payload.run", "bucket.$": "$.Payload.bucket"},
                ResultPath="$.plan",
                Next="Read",
            ),
            "Read": _for_each("task", "read", Next="Gather"),
            "Gather": _step(
                {"step": "gather", "run.$": "$.plan.run"},
                ResultSelector={"days.$": "$.Payload.days"},
                ResultPath="$.gathered",
                Next="Anything?",
            ),
            "Anything?": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.gathered.days", "NumericEquals": 0, "Next": "Conclude"}
                ],
                "Default": "Compare",
            },
            "Compare": _for_each("day", "compare", Next="Repair?"),
            "Repair?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.repair", "BooleanEquals": True, "Next": "Repair"}],
                "Default": "Conclude",
            },
            "Repair": _for_each("day", "repair", Next="Conclude"),
            "Conclude": _step(
                {"step": "conclude", "run.$": "$.plan.run"}, OutputPath="$.Payload", End=True
            ),
        },
    }


def _step(payload: Json, **rest: Any) -> Json:
    return step_of("Reconcile", payload, **rest)


def _for_each(item: str, step: str, **rest: Any) -> Json:
    """Each is worked on again until it is done."""
    states: dict[str, Json] = {
        "Work": {
            "Type": "Task",
            "Resource": INVOKE,
            "Parameters": {"FunctionName": "${Reconcile}", "Payload.$": "$"},
            "ResultSelector": {"done.$": "$.Payload.done"},
            "ResultPath": "$.answer",
            "Retry": RETRY,
            "Next": "Done?",
        },
        "Done?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.answer.done", "BooleanEquals": True, "Next": "Done"}],
            "Default": "Again",
        },
        "Again": {
            "Type": "Pass",
            "Parameters": {
                "step.$": "$.step",
                "run.$": "$.run",
                f"{item}.$": f"$.{item}",
            },
            "Next": "Work",
        },
        "Done": {"Type": "Succeed"},
    }
    return for_each(
        item,
        step,
        states,
        run="run",
        run_at="$.plan.run",
        bucket_at="$.plan.bucket",
        at_once=AT_ONCE,
        **rest,
    )
