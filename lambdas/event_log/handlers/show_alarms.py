"""For operators that only look: which alarms fire, and how many messages wait in the queues."""

from functools import cache
from typing import Any

import msgspec

from event_log.adapters.alarms import EveryAlarm
from event_log.adapters.queue_depths import QueueDepths
from event_log.environment import ShownAlarmsEnvironment
from shared.runtime import aws
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation


class ShowAlarms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request: of queues, or else of alarms."""

    queues: bool = False


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """``{counts, counts_capped, alarms, capped}``, see ``Alarms``; or ``{queues, capped}``, where a
    queue is as ``Queue`` says.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
        botocore.exceptions.ClientError: CloudWatch does not answer.
    """
    asked = msgspec.convert(event, ShowAlarms)
    if asked.queues:
        queues, more = _queues().told(_alarms().queue_names())
        return {"queues": msgspec.to_builtins(queues), "capped": more}
    told: dict[str, Any] = msgspec.to_builtins(_alarms().told())
    return told


@cache
def _alarms() -> EveryAlarm:
    prefix = load(ShownAlarmsEnvironment).stacks_prefix
    return EveryAlarm(aws.brief_client("cloudwatch"), prefix)


@cache
def _queues() -> QueueDepths:
    return QueueDepths(aws.brief_client("sqs"), load(ShownAlarmsEnvironment).stacks_prefix)
