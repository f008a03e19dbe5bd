"""From the account's bus: calls that nobody may make, undone where possible, and told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from audit.adapters.guarded import GuardedOnAws
from audit.adapters.operations_topic import OperationsTopic
from audit.adapters.trail_event import NotAReport, read
from audit.commands import undo
from audit.domain.forbidden_change import ForbiddenChange
from audit.environment import ReactionEnvironment
from audit.ports import Guarded, Operators
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.retries import Retries, failures_of
from shared.messaging.sqs_batch import settle_each
from shared.runtime import aws, log
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation

UNDONE = "It is undone."
STANDS = "It STANDS: nothing can undo it."
TRIES = "It is NOT UNDONE yet ({}): it is tried again for some six minutes."
FAILED = "It STANDS: undoing it failed {} times, last with {}."


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """React to a batch of reported calls; the answer names the records that must come again.

    Which calls are reported is the rules' to say: whatever comes here is forbidden.
    """
    reaction = _reaction()
    return settle_each(event, reaction.settled, reaction.retries)


@dataclass(frozen=True)
class Reaction:
    """Undoes and tells; what cannot be read, and what cannot be undone in time, is parked."""

    guarded: Guarded
    operators: Operators
    dead_letters: DeadLetters
    retries: Retries

    def settled(self, record: Mapping[str, Any]) -> bool:
        """Whether a report is done with; otherwise it gets another try."""
        try:
            change = read(record["body"])
        except NotAReport as unreadable:
            return self._park(record, str(unreadable))
        try:
            undone = undo(change, self.guarded)
        except Exception as error:  # whatever it is, operators must know that the change stands
            return self._failed(record, change, type(error).__name__)
        self._tell(change, UNDONE if undone else STANDS)
        return True

    def _failed(self, record: Mapping[str, Any], change: ForbiddenChange, error: str) -> bool:
        failures = failures_of(record) + 1
        log.error("forbidden change not undone", call=change.call, error=error, attempt=failures)
        if self.retries.are_used_up(record):
            self._tell(change, FAILED.format(failures, error))
            return self._park(record, f"not undone after {failures} tries, last with {error}")
        if failures == 1:
            self._tell(change, TRIES.format(error))
        return False

    def _tell(self, change: ForbiddenChange, outcome: str) -> None:
        self.operators.tell(change, outcome)
        log.warning(
            "forbidden change",
            call=change.call,
            target=change.target,
            who=change.who,
            when=change.when,
            event_id=change.event_id,
            outcome=outcome,
        )
        log.metric("ForbiddenChanges", 1)
        if outcome != UNDONE:
            log.metric("ForbiddenChangesStanding", 1)

    def _park(self, record: Mapping[str, Any], reason: str) -> bool:
        self.dead_letters.park(record["body"], reason, "audit")
        return True


@cache
def _reaction() -> Reaction:
    environment, sqs = load(ReactionEnvironment), aws.client("sqs")
    return Reaction(
        GuardedOnAws(
            aws.client("cloudtrail"),
            aws.client("s3"),
            aws.client("kms"),
            trail_arn=environment.trail_arn,
            policies=json.loads(environment.bucket_policies),
        ),
        OperationsTopic(aws.client("sns"), environment.operations_topic_arn),
        DeadLetters(sqs, environment.dead_letters_url),
        Retries(sqs, environment.queue_url, environment.queue_attempts),
    )
