"""Sagas on DynamoDB: the contract, refusals that are no lost races, and what is kept how long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from fulfilment.adapters.dynamodb_sagas import RETENTION, SHARDS, DynamoDbSagas
from fulfilment.domain.saga import Reply, Saga, SagaState, SentCommand
from shared.runtime import clock
from tests.support.contracts.saga_store_contract import SagaStoreContract
from tests.support.examples.fulfilment import CONTEXT, ELEVEN, NINE, ORDER, TEN
from tests.support.fakes.dynamodb_expressions import refusal
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory

SAGA = Saga(ORDER, CONTEXT, due_at=NINE)
COMMAND = SentCommand(ORDER, "release-stock", "command", {}, "token", NINE)
REPLY = Reply("done", None, {}, TEN)


@pytest.fixture
def database() -> DynamoDbInMemory:
    return DynamoDbInMemory(
        {"sagas": ("order_id", "part")},
        {"open-sagas": ("open", "due_at"), "stuck-sagas": ("stuck", "stuck_at")},
        page=2,
    )


@pytest.fixture
def store(database: DynamoDbInMemory) -> DynamoDbSagas:
    return DynamoDbSagas(database, "sagas", "open-sagas", "stuck-sagas")


class TestDynamoDbSagas(SagaStoreContract):
    """The real adapter, on a table in memory."""

    @pytest.fixture
    def order_id(self) -> str:
        return ORDER


CALLS: dict[str, Callable[[DynamoDbSagas], object]] = {
    "begin": lambda store: store.begin(SAGA),
    "saga": lambda store: store.saga(ORDER),
    "begin_attempt": lambda store: store.begin_attempt(SAGA, TEN),
    "postpone": lambda store: store.postpone(SAGA, TEN),
    "mark_stuck": lambda store: store.mark_stuck(ORDER, TEN, settled=True),
    "close": lambda store: store.close(ORDER),
    "mark_ended": lambda store: store.mark_ended(ORDER),
    "overdue": lambda store: list(store.overdue(TEN)),
    "stuck": lambda store: list(store.stuck()),
    "without_saga": lambda store: list(store.without_saga([ORDER])),
    "ends": lambda store: store.ends([ORDER]),
    "looked_until": lambda store: store.looked_until(),
    "note_looked_until": lambda store: store.note_looked_until(TEN),
    "commands": lambda store: store.commands(ORDER),
    "keep_token": lambda store: store.keep_token(COMMAND),
    "keep_reply": lambda store: store.keep_reply(ORDER, "release-stock", REPLY),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_table_that_refuses_is_an_error_and_never_an_answer(
    store: DynamoDbSagas, database: DynamoDbInMemory, name: str
) -> None:
    store.begin(SAGA)
    store.keep_token(COMMAND)
    before = database.items("sagas")

    def refuse(_operation: str, _request: object) -> None:
        raise refusal("ThrottlingException")

    database.before = refuse
    with pytest.raises(ClientError, match="ThrottlingException"):
        CALLS[name](store)
    assert database.items("sagas") == before


def test_a_saga_is_kept_for_ever_and_its_commands_only_as_long_as_anybody_asks(
    store: DynamoDbSagas, database: DynamoDbInMemory
) -> None:
    store.begin(SAGA)
    store.keep_token(COMMAND)
    store.keep_reply(ORDER, "release-stock", REPLY)
    command, saga = database.items("sagas")
    assert (command["part"]["S"], saga["part"]["S"]) == ("release-stock", "saga")
    assert "expires_at" not in saga, "else an old OrderPlaced, told again, would begin it again"
    kept_until = int((clock.parse_time(NINE) + RETENTION).timestamp())
    assert command["expires_at"] == {"N": str(kept_until)}


@pytest.mark.parametrize("settled", [False, True])
def test_what_a_stuck_saga_has_done_is_known_for_as_long_as_it_waits(
    store: DynamoDbSagas, database: DynamoDbInMemory, settled: bool
) -> None:
    store.begin(SAGA)
    for step in ("reserve-stock", "authorize-payment", "capture-payment"):
        store.keep_token(replace(COMMAND, step=step))
    store.mark_stuck(ORDER, TEN, settled=settled)
    assert not any("expires_at" in item for item in database.items("sagas"))


def test_every_stuck_saga_is_found_page_by_page_longest_first(store: DynamoDbSagas) -> None:
    ids = [f"{number}a2cb1f1-{ORDER[9:]}" for number in range(5)]
    for minute, order_id in enumerate(ids):
        store.begin(replace(SAGA, order_id=order_id))
        store.mark_stuck(order_id, f"2026-12-01T09:0{minute}:00.000Z", settled=True)
    found = list(store.stuck())
    assert [saga.order_id for saga in found] == ids
    assert list(store.stuck(after=found[1])) == found[2:]
    store.mark_ended(found[1].order_id)
    assert list(store.stuck(after=found[1])) == found[2:], "what was the last of a page may go"


def test_every_overdue_saga_is_found_page_by_page_in_every_shard(store: DynamoDbSagas) -> None:
    ids = [f"{shard}{number}b2cb1-{ORDER[9:]}" for shard in SHARDS for number in range(3)]
    for order_id in ids:
        store.begin(replace(SAGA, order_id=order_id))
    assert sorted(saga.order_id for saga in store.overdue(TEN)) == sorted(ids)
    assert list(store.overdue(NINE)) == []


def test_every_command_of_a_saga_is_found_though_they_are_many(store: DynamoDbSagas) -> None:
    store.begin(SAGA)
    steps = [f"step-{number:02d}" for number in range(11)]
    for step in steps:
        store.keep_token(replace(COMMAND, step=step))
    assert [command.step for command in store.commands(ORDER)] == steps


def test_an_attempt_begins_only_after_the_one_that_was_read(store: DynamoDbSagas) -> None:
    store.begin(SAGA)
    assert store.begin_attempt(replace(SAGA, attempt=2), TEN) is None
    second = store.begin_attempt(SAGA, TEN)
    assert second == replace(SAGA, attempt=2, due_at=TEN)
    store.mark_ended(ORDER)
    assert store.begin_attempt(replace(SAGA, attempt=2), ELEVEN) == replace(
        SAGA, attempt=3, due_at=ELEVEN, state=SagaState.RUNNING
    )
