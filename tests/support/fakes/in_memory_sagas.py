"""The saga store, the executions and the owners' queues as hand-written fakes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fulfilment.domain.saga import (
    OrderToFulfil,
    Progress,
    Reply,
    Saga,
    SagaState,
    SentCommand,
    StuckSaga,
)
from fulfilment.ports import UnknownCommand
from shared.messaging.envelope import Envelope


@dataclass
class InMemorySagas:
    """Implements ``fulfilment.ports.SagaStore``."""

    sagas: dict[str, Saga] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    stuck_at: dict[str, str] = field(default_factory=dict)
    ended_as: dict[str, str] = field(default_factory=dict)
    looked: str | None = None
    sent: dict[tuple[str, str], SentCommand] = field(default_factory=dict)

    def begin(self, saga: Saga) -> Saga:
        if saga.order_id not in self.sagas:
            self.sagas[saga.order_id] = saga
            self.open.add(saga.order_id)
        return self.sagas[saga.order_id]

    def saga(self, order_id: str) -> Saga | None:
        return self.sagas.get(order_id)

    def begin_attempt(self, saga: Saga, due_at: str) -> Saga | None:
        known = self.sagas[saga.order_id]
        if known.attempt != saga.attempt:
            return None
        begun = replace(known, attempt=saga.attempt + 1, due_at=due_at, state=SagaState.RUNNING)
        self.sagas[saga.order_id] = begun
        self.open.add(saga.order_id)
        self.stuck_at.pop(saga.order_id, None)
        return begun

    def postpone(self, saga: Saga, due_at: str) -> None:
        if saga.order_id in self.open:
            self.sagas[saga.order_id] = replace(self.sagas[saga.order_id], due_at=due_at)

    def mark_stuck(self, order_id: str, now: str, *, settled: bool) -> None:
        self._mark(order_id, SagaState.STUCK, leaves=settled)
        self.stuck_at[order_id] = now

    def stuck(self, after: StuckSaga | None = None) -> Iterator[StuckSaga]:
        for order_id, since in sorted(self.stuck_at.items(), key=lambda it: (it[1], it[0])):
            if after is None or (since, order_id) > (after.since, after.order_id):
                yield StuckSaga(order_id, since)

    def close(self, order_id: str) -> None:
        if order_id in self.sagas and self.sagas[order_id].state is SagaState.RUNNING:
            self._mark(order_id, SagaState.ENDED, leaves=True)
            self.ended_as[order_id] = "confirmed"

    def mark_ended(self, order_id: str) -> None:
        self._mark(order_id, SagaState.ENDED, leaves=True)
        self.stuck_at.pop(order_id, None)

    def ends(self, order_ids: Sequence[str]) -> dict[str, str | None]:
        known = [it for it in order_ids if it in self.sagas]
        ended = [it for it in known if self.sagas[it].state is SagaState.ENDED]
        return {it: self.ended_as.get(it) for it in ended}

    def overdue(self, before: str) -> Iterator[Saga]:
        for order_id in sorted(self.open):
            if self.sagas[order_id].due_at < before:
                yield self.sagas[order_id]

    def without_saga(self, order_ids: Iterable[str]) -> Iterator[str]:
        return (order_id for order_id in order_ids if order_id not in self.sagas)

    def looked_until(self) -> str | None:
        return self.looked

    def note_looked_until(self, moment: str) -> None:
        self.looked = moment

    def commands(self, order_id: str) -> Sequence[SentCommand]:
        return [command for (its, _), command in self.sent.items() if its == order_id]

    def keep_token(self, command: SentCommand) -> SentCommand:
        key = (command.order_id, command.step)
        known = self.sent.get(key)
        kept = replace(command, data=known.data, reply=known.reply) if known else command
        self.sent[key] = kept
        return kept

    def keep_reply(self, order_id: str, step: str, reply: Reply) -> SentCommand:
        known = self.sent.get((order_id, step))
        if known is None:
            raise UnknownCommand(step)
        if not (known.reply and known.reply.is_final):
            known = replace(known, reply=reply)
            self.sent[order_id, step] = known
        return known

    def _mark(self, order_id: str, state: SagaState, *, leaves: bool) -> None:
        if order_id in self.sagas:
            self.sagas[order_id] = replace(self.sagas[order_id], state=state)
            if leaves:
                self.open.discard(order_id)


@dataclass
class FakeExecutions:
    """Implements ``fulfilment.ports.Executions`` and ``EndedExecutions``; ``statuses`` and
    ``orders`` are by execution name, and ``succeeded`` names with times, the newest first.
    """

    started: list[tuple[str, Progress]] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)
    answers: list[tuple[str, Any]] = field(default_factory=list)
    succeeded: list[tuple[str, str]] = field(default_factory=list)
    orders: dict[str, OrderToFulfil | None] = field(default_factory=dict)

    def start(self, saga: Saga, progress: Progress, placed: OrderToFulfil | None = None) -> None:
        self.orders.setdefault(saga.execution_name, placed)
        if saga.execution_name not in self.statuses:
            self.statuses[saga.execution_name] = "RUNNING"
            self.started.append((saga.execution_name, progress))

    def status(self, saga: Saga) -> str | None:
        return self.statuses.get(saga.execution_name)

    def ended(self, most: int) -> tuple[list[tuple[str, str]], bool]:
        return self.succeeded[:most], len(self.succeeded) > most

    def succeed(self, token: str, output: Any) -> None:
        self.answers.append((token, dict(output)))

    def fail(self, token: str, error: str, cause: str) -> None:
        self.answers.append((token, (error, cause)))


@dataclass
class FakeOwners:
    """Implements ``fulfilment.ports.Owners``."""

    sent: list[tuple[str, Envelope]] = field(default_factory=list)

    def send(self, owner: str, command: Envelope) -> None:
        self.sent.append((owner, command))
