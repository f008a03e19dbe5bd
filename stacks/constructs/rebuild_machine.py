"""The rebuild of a view as a state machine: partition the archive, fold the partitions, switch."""

from typing import Any

from stacks.constructs.machine_states import INVOKE, RETRY, Json, for_each, step_of

AT_ONCE = 40
"""Functions at work together: the account's other functions need theirs."""


def rebuild_machine() -> Json:
    """The definition; ``${Rebuild}`` is the function that takes the steps, ``${Partition}`` the
    first part of an ARN.

    Its input is ``{batch_seconds, task_bytes, partition_bytes}``. A new execution goes on where one
    that failed or was stopped has ended.
    """
    return {
        "Comment": "Builds a new generation of a view from the archive, and serves it",
        "StartAt": "Begin",
        "States": {
            "Begin": _step(
                {"step": "begin"},
                ResultSelector={"generation.$": "$.Payload.building"},
                Next="Plan",
            ),
            "Plan": _step(
                {
                    "step": "plan",
                    "generation.$": "$.generation",
                    "task_bytes.$": "$$.Execution.Input.task_bytes",
                    "partition_bytes.$": "$$.Execution.Input.partition_bytes",
                },
                ResultSelector={
                    "generation.$": "$.Payload.generation",
                    "bucket.$": "$.Payload.bucket",
                },
                Next="Partition",
            ),
            "Partition": _for_each("task", "partition", Next="Fold"),
            "Fold": _for_each("partition", "fold", Next="Catch up"),
            "Catch up": _step(
                {
                    "step": "catch_up",
                    "generation.$": "$.generation",
                    "batch_seconds.$": "$$.Execution.Input.batch_seconds",
                },
                ResultSelector={"log.$": "$.Payload"},
                ResultPath="$.progress",
                Next="Caught up?",
            ),
            "Caught up?": {
                "Type": "Choice",
                "Choices": [
                    {
                        "Variable": "$.progress.log.caught_up",
                        "BooleanEquals": True,
                        "Next": "Switch",
                    },
                    {
                        "Variable": "$.progress.log.wait_seconds",
                        "NumericGreaterThan": 0,
                        "Next": "Wait until every projector writes both",
                    },
                ],
                "Default": "Catch up",
            },
            "Wait until every projector writes both": {
                "Type": "Wait",
                "SecondsPath": "$.progress.log.wait_seconds",
                "Next": "Catch up",
            },
            "Switch": _step(
                {"step": "switch", "generation.$": "$.generation"},
                OutputPath="$.Payload",
                End=True,
            ),
        },
    }


def _step(payload: Json, **rest: Any) -> Json:
    return step_of("Rebuild", payload, **rest)


def _for_each(item: str, step: str, **rest: Any) -> Json:
    work = {
        "Type": "Task",
        "Resource": INVOKE,
        "Parameters": {"FunctionName": "${Rebuild}", "Payload.$": "$"},
        # All answers together must fit into a state: the scratch has the details.
        "ResultSelector": {},
        "Retry": RETRY,
        "End": True,
    }
    return for_each(
        item,
        step,
        {"Work": work},
        run="generation",
        run_at="$.generation",
        bucket_at="$.bucket",
        at_once=AT_ONCE,
        **rest,
    )
