"""A reply counts from the service that its command was sent to, and from nobody else."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from contracts.messages import sources_of
from contracts.product import PRODUCT
from fulfilment.commands import StepRequest, send_command
from fulfilment.domain.steps import STEPS
from fulfilment.handlers.take_reply import source_of_owner, take
from shared.messaging.bus_messages import from_bus
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope, encode
from shared.messaging.queue_consumer import QueueConsumer
from shared.messaging.retries import Retries
from tests.support.examples.fulfilment import CONTEXT, NINE, ORDER, reply
from tests.support.fakes.fake_queue import FakeQueue
from tests.support.fakes.in_memory_sagas import FakeExecutions, FakeOwners, InMemorySagas

OWNERS = sorted({step.owner for step in STEPS.values()})


class Fulfilment:
    """Waits for the answer to one step's command."""

    def __init__(self, step: str) -> None:
        self.executions, self.parked = FakeExecutions(), FakeQueue()
        store = InMemorySagas()
        asked = StepRequest(ORDER, step, "token", CONTEXT, {})
        send_command(store, self.executions, FakeOwners(), lambda: NINE, asked)
        self._consumer = QueueConsumer(
            partial(take, store, self.executions),
            DeadLetters(self.parked, "dead-letters"),
            Retries(FakeQueue(), "queue", 3),
            from_bus({"CommandReplied": sources_of("CommandReplied")}, source_of_owner),
        )

    def hear(self, source: str, message: Envelope) -> Any:
        event = {"source": f"{PRODUCT}.{source}", "detail": json.loads(encode(message))}
        record = {
            "messageId": "m-1",
            "body": json.dumps(event),
            "attributes": {"ApproximateReceiveCount": "1"},
        }
        return self._consumer.handle({"Records": [record]})["batchItemFailures"]


@pytest.mark.parametrize("source", [*OWNERS, "fulfilment", "stranger"])
@pytest.mark.parametrize("step", STEPS)
def test_only_the_owner_of_a_command_answers_it(
    step: str, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fulfilment = Fulfilment(step)
    assert fulfilment.hear(source, reply(step, "done")) == []
    said = capsys.readouterr().out
    if source == STEPS[step].owner:
        assert [token for token, _ in fulfilment.executions.answers] == ["token"]
        assert fulfilment.parked.sent == []
        return
    assert fulfilment.executions.answers == []
    assert "MessagesNotBelieved" in said
    (parked,) = fulfilment.parked.sent
    why = parked["MessageAttributes"]["reason"]["StringValue"]
    assert why == f"'{PRODUCT}.{source}' is not who says 'CommandReplied' here"


def test_a_reply_to_nothing_that_was_asked_is_kept_as_such() -> None:
    fulfilment = Fulfilment("reserve-stock")
    fulfilment.hear("inventory", reply("invented", "done"))
    (parked,) = fulfilment.parked.sent
    why = parked["MessageAttributes"]["reason"]["StringValue"]
    assert why.startswith("a reply to an unknown command")
