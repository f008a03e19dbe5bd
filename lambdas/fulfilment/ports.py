"""What the saga needs from outside: its record, Step Functions, and the owners' queues."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from fulfilment.domain.saga import OrderToFulfil, Progress, Reply, Saga, SentCommand, StuckSaga
from shared.messaging.envelope import Envelope


class UnknownCommand(Exception):
    """A reply to a command that this saga never sent."""


class SagaStore(Protocol):
    """Where sagas and their commands are kept, one item for each."""

    def begin(self, saga: Saga) -> Saga:
        """Keep a new saga; an order that has one already keeps that, which is returned."""

    def saga(self, order_id: str) -> Saga | None:
        """The order's saga, strongly consistent."""

    def begin_attempt(self, saga: Saga, due_at: str) -> Saga | None:
        """Count one more execution; None if somebody else has just done so."""

    def postpone(self, saga: Saga, due_at: str) -> None:
        """Look at this saga again later."""

    def mark_stuck(self, order_id: str, now: str, *, settled: bool) -> None:
        """It waits for an operator, and is kept until it is resumed.

        ``settled``: its order is no longer placed.
        """

    def stuck(self, after: StuckSaga | None = None) -> Iterable[StuckSaga]:
        """Every saga that waits for an operator, longest first, or those after one of them."""

    def close(self, order_id: str) -> None:
        """It is confirmed: nothing is left to do. What waits for an operator goes on waiting."""

    def mark_ended(self, order_id: str) -> None:
        """Its execution came to its end: nothing is left to do for anybody."""

    def ends(self, order_ids: Sequence[str]) -> Mapping[str, str | None]:
        """Of those of these orders whose saga has ended, how; None where nobody noted that."""

    def overdue(self, before: str) -> Iterable[Saga]:
        """Sagas of orders that may still be placed, due before that time."""

    def without_saga(self, order_ids: Iterable[str]) -> Iterable[str]:
        """Those of these orders that have none, strongly consistent."""

    def looked_until(self) -> str | None:
        """The end of the hours in which every placed order was looked for; None: in none yet."""

    def note_looked_until(self, moment: str) -> None:
        """Every order that was placed before that time has its saga."""

    def commands(self, order_id: str) -> Sequence[SentCommand]:
        """Every command that the order's saga has sent, strongly consistent."""

    def keep_token(self, command: SentCommand) -> SentCommand:
        """Keep who waits for the answer now. The data stays what was sent first; see the result."""

    def keep_reply(self, order_id: str, step: str, reply: Reply) -> SentCommand:
        """Keep the answer, unless a final one is there already; see the result.

        Raises:
            UnknownCommand: no such command was sent.
        """


class PlacedOrders(Protocol):
    """What orders publishes about what was placed."""

    def placed_in(self, hour: str) -> Iterable[str]:
        """The ids of the orders that were placed in an hour such as ``2026-12-01T09`` (UTC)."""

    def order_placed(self, order_id: str) -> Envelope | None:
        """The order's first event."""


class Executions(Protocol):
    """The state machine."""

    def start(self, saga: Saga, progress: Progress, placed: OrderToFulfil | None = None) -> None:
        """Start the saga's present attempt; starting it again changes nothing.

        Without ``placed`` the execution looks at the order first.
        """

    def status(self, saga: Saga) -> str | None:
        """Of the present attempt: RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED; None: unknown."""

    def succeed(self, token: str, output: Any) -> None:
        """Let the execution that waits go on; nothing happens if nobody waits any more."""

    def fail(self, token: str, error: str, cause: str) -> None:
        """Let the execution that waits know; nothing happens if nobody waits any more."""


class EndedExecutions(Protocol):
    """What the state machine knows of those that came to their end."""

    def ended(self, most: int) -> tuple[Sequence[tuple[str, str]], bool]:
        """The names of executions that succeeded and when each did, the newest first; whether
        there are more.
        """


class Owners(Protocol):
    """The queues of the services that carry out commands."""

    def send(self, owner: str, command: Envelope) -> None:
        """Put a command on its owner's queue."""
