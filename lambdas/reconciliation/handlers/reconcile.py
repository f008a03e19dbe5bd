"""Compares event store, log and archive step by step, and repairs what is missing."""

from typing import Annotated, Any, Literal

import msgspec

from orders_language.history import OrderHistory
from reconciliation.adapters.back_fill import BackFill
from reconciliation.adapters.owners import Owners
from reconciliation.commands.reading import Places
from reconciliation.commands.repairing import Repairs
from reconciliation.commands.run_notes import RunNotes
from reconciliation.commands.steps import Reconciliation
from reconciliation.environment import ReconcileEnvironment
from shared.messaging.log_reader import LogReader
from shared.read_models.archive import Archive
from shared.read_models.scratch import Scratch
from shared.runtime import aws
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation

SETTLE_SECONDS = 900
"""How long an event may be on its way: Firehose collects for a minute and retries for longer."""
LONG_CALL = 30
OWNERS_TIMEOUT = 65
"""Seconds: a little longer than the longest that the functions of orders and the log may take."""

Step = Literal["plan", "read", "gather", "compare", "repair", "conclude", "days"]
Count = Annotated[int, msgspec.Meta(ge=0)]
_RUN = "^[A-Za-z0-9_-]{1,80}$(?!\\n)"
_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\\n)"


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a run, whose name is its caller's choice.

    ``plan``: what happened in the last ``hours`` is compared, everything if it is null, but not
    what is younger than ``settle_seconds``. ``read`` wants a ``task``, ``compare`` and ``repair`` a
    ``day``. ``days`` gives the hours of the day after ``after``.
    """

    step: Step
    run: Annotated[str, msgspec.Meta(pattern=_RUN)]
    hours: Annotated[int, msgspec.Meta(ge=1, le=24 * 366)] | None = None
    settle_seconds: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = SETTLE_SECONDS
    task: Count = 0
    day: Annotated[str, msgspec.Meta(pattern=_DAY)] = "0000-00-00"
    after: str = ""


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Take one step; see ``reconciliation.commands.Reconciliation`` for its answer.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
        NotReady: steps before it are missing.
    """
    asked = msgspec.convert(event, Request)
    steps = _reconciliation(asked.run)
    match asked.step:
        case "plan":
            return steps.plan(asked.hours, asked.settle_seconds)
        case "read":
            return steps.read(asked.task)
        case "gather":
            return steps.gather()
        case "compare":
            return steps.compare(asked.day)
        case "repair":
            return steps.repair(asked.day)
        case "conclude":
            return steps.conclude()
        case "days":
            return steps.days(asked.after)


def _reconciliation(run: str) -> Reconciliation:
    environment = load(ReconcileEnvironment)
    s3 = aws.patient_client("s3", LONG_CALL)
    functions = aws.patient_client("lambda", OWNERS_TIMEOUT)
    log = LogReader(aws.patient_client("kinesis", LONG_CALL), environment.event_stream_arn)
    archive = Archive(s3, environment.archive_bucket)
    owners = Owners(
        functions,
        environment.scan_events_arn,
        environment.list_events_arn,
        environment.relay_arn,
        environment.intake_arn,
    )
    histories = OrderHistory(functions, environment.read_events_arn)
    return Reconciliation(
        RunNotes(run, Scratch(s3, environment.scratch_bucket)),
        log,
        Places(owners, log, archive),
        Repairs(owners, log, archive, histories, BackFill(s3, environment.archive_bucket)),
    )
