"""The rebuild of a view as a state machine: partition the archive, fold the partitions, switch.

The same machine erases a generation that is retired.
"""

from typing import Any

from stacks.constructs.machine_states import INVOKE, RETRY, Json, for_each, step_of

AT_ONCE = 40
"""Functions at work together: the account's other functions need theirs."""


def rebuild_machine() -> Json:
    """The definition; ``${Rebuild}`` is the function that takes the steps, ``${Partition}`` the
    first part of an ARN.

    Its input is ``{batch_seconds, task_bytes, partition_bytes}``, or ``{erase, batch_seconds, at:
    {after: null}}`` with the name of a retired generation. A new execution goes on where one that
    failed or was stopped has ended.
    """
    return {
        "Comment": "Builds a new generation of a view from the archive, and serves it",
        "StartAt": "What is asked?",
        "States": {
            "What is asked?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.erase", "IsPresent": True, "Next": "Erase"}],
                "Default": "Begin",
            },
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
                Next="Compare",
            ),
            # What is served is served, whatever comes of the comparison.
            "Compare": _step(
                {"step": "compare"},
                ResultPath=None,
                Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Served"}],
                Next="Served",
            ),
            "Served": {"Type": "Succeed"},
            **_erase(),
        },
    }


def _erase() -> Json:
    return {
        "Erase": _step(
            {
                "step": "erase",
                "generation.$": "$.erase",
                "batch_seconds.$": "$.batch_seconds",
                "after.$": "$.at.after",
            },
            ResultSelector={
                "after.$": "$.Payload.after",
                "wait_seconds.$": "$.Payload.wait_seconds",
            },
            ResultPath="$.at",
            Next="Erased?",
        ),
        "Erased?": {
            "Type": "Choice",
            "Choices": [
                {
                    "Variable": "$.at.wait_seconds",
                    "NumericGreaterThan": 0,
                    "Next": "Wait until no projector writes it",
                },
                {"Variable": "$.at.after", "IsNull": True, "Next": "Erased"},
            ],
            "Default": "Erase",
        },
        "Wait until no projector writes it": {
            "Type": "Wait",
            "SecondsPath": "$.at.wait_seconds",
            "Next": "Erase",
        },
        "Erased": {"Type": "Succeed"},
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
