"""States of machines in which one function takes steps, some of them for each item of a list."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

INVOKE = "arn:${Partition}:states:::lambda:invoke"
READ_OBJECT = "arn:${Partition}:states:::s3:getObject"
RETRY = [
    {
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": 2,
        "BackoffRate": 2,
        "MaxAttempts": 5,
        "JitterStrategy": "FULL",
    }
]


def step_of(function: str, payload: Json, **rest: Any) -> Json:
    """A step: ``function`` is the name by which the definition is told the function's ARN."""
    return {
        "Type": "Task",
        "Resource": INVOKE,
        "Parameters": {"FunctionName": f"${{{function}}}", "Payload": payload},
        "Retry": RETRY,
        **rest,
    }


def for_each(
    item: str,
    step: str,
    states: Mapping[str, Json],
    *,
    run: str,
    run_at: str,
    bucket_at: str,
    at_once: int,
    **rest: Any,
) -> Json:
    """A step for each item of the list ``{run}/{item}s.json``, beginning with the state ``Work``.

    ``run`` is what the step calls the run, ``run_at`` and ``bucket_at`` are where the state has its
    name and the bucket's; so many as ``at_once`` are taken together.
    """
    return {
        "Type": "Map",
        "Label": step.capitalize(),
        "MaxConcurrency": at_once,
        "ItemReader": {
            "Resource": READ_OBJECT,
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {
                "Bucket.$": bucket_at,
                "Key.$": f"States.Format('{{}}/{item}s.json', {run_at})",
            },
        },
        "ItemSelector": {
            "step": step,
            f"{run}.$": run_at,
            f"{item}.$": f"$$.Map.Item.Value.{item}",
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Work",
            "States": dict(states),
        },
        "ResultPath": None,
        **rest,
    }
