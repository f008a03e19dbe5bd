"""What a saga store must do, whatever it is made of."""

import uuid
from dataclasses import replace

import pytest

from fulfilment.domain.saga import MessageContext, Reply, Saga, SagaState, SentCommand
from fulfilment.ports import SagaStore, UnknownCommand

NINE = "2026-12-01T09:00:00.000Z"
TEN = "2026-12-01T10:00:00.000Z"
ELEVEN = "2026-12-01T11:00:00.000Z"
CONTEXT = MessageContext("correlation", "causation", "traceparent")
DONE = Reply("done", None, {"released": True}, TEN)
FAILED = Reply("failed", "gave-up", {}, TEN)


class SagaStoreContract:
    """Subclasses give the fixtures ``store`` and ``order_id``, a new UUID for each test."""

    def test_a_saga_begins_once(self, store: SagaStore, order_id: str) -> None:
        first = Saga(order_id, CONTEXT, due_at=TEN)
        assert store.begin(first) == first
        assert store.begin(replace(first, due_at=ELEVEN)) == first
        assert store.saga(order_id) == first

    def test_of_an_order_without_a_saga_nothing_is_known(
        self, store: SagaStore, order_id: str
    ) -> None:
        assert store.saga(order_id) is None
        assert list(store.commands(order_id)) == []
        store.mark_ended(order_id)
        assert store.saga(order_id) is None

    def test_of_those_that_have_ended_it_is_told_how_as_far_as_that_was_noted(
        self, store: SagaStore, order_id: str
    ) -> None:
        others = [str(uuid.uuid4()) for _ in range(102)]
        for its_id in (order_id, *others):
            store.begin(Saga(its_id, CONTEXT, due_at=TEN))
        assert store.ends([order_id, *others]) == {}, "they run"
        for its_id in others:
            store.mark_ended(its_id)
        found = store.ends([order_id, *others, str(uuid.uuid4())])
        assert found == dict.fromkeys(others)

    def test_only_one_of_two_counts_the_next_attempt(self, store: SagaStore, order_id: str) -> None:
        saga = store.begin(Saga(order_id, CONTEXT, due_at=NINE))
        begun = store.begin_attempt(saga, ELEVEN)
        assert begun == replace(saga, attempt=2, due_at=ELEVEN)
        assert store.begin_attempt(saga, ELEVEN) is None

    def test_a_saga_is_overdue_until_it_is_postponed_or_closed(
        self, store: SagaStore, order_id: str
    ) -> None:
        def is_overdue(before: str) -> bool:
            return order_id in [saga.order_id for saga in store.overdue(before)]

        saga = store.begin(Saga(order_id, CONTEXT, due_at=NINE))
        assert is_overdue(TEN)
        assert not is_overdue(NINE)
        store.postpone(saga, TEN)
        assert not is_overdue(TEN)
        assert is_overdue(ELEVEN)
        store.mark_stuck(order_id, TEN, settled=False)
        assert is_overdue(ELEVEN)
        store.mark_stuck(order_id, TEN, settled=True)
        assert not is_overdue(ELEVEN)
        store.postpone(saga, NINE)
        assert not is_overdue(ELEVEN), "what is closed stays closed"
        stuck = store.saga(order_id)
        assert stuck
        assert stuck.state is SagaState.STUCK
        store.begin_attempt(stuck, TEN)
        assert is_overdue(ELEVEN)
        store.mark_ended(order_id)
        assert not is_overdue(ELEVEN)

    @pytest.mark.parametrize("settled", [False, True])
    def test_a_stuck_saga_is_found_until_it_is_resumed(
        self, store: SagaStore, order_id: str, settled: bool
    ) -> None:
        def since() -> list[str]:
            return [it.since for it in store.stuck() if it.order_id == order_id]

        saga = store.begin(Saga(order_id, CONTEXT, due_at=NINE))
        assert since() == []
        store.mark_stuck(order_id, TEN, settled=settled)
        assert since() == [TEN]
        every = list(store.stuck())
        assert list(store.stuck(after=every[0])) == every[1:]
        store.begin_attempt(saga, ELEVEN)
        assert since() == []
        store.mark_stuck(order_id, ELEVEN, settled=settled)
        store.mark_ended(order_id)
        assert since() == []

    def test_what_is_confirmed_is_closed_and_what_waits_for_an_operator_goes_on_waiting(
        self, store: SagaStore, order_id: str
    ) -> None:
        def state() -> SagaState:
            saga = store.saga(order_id)
            assert saga
            return saga.state

        saga = store.begin(Saga(order_id, CONTEXT, due_at=NINE))
        store.mark_stuck(order_id, TEN, settled=False)
        store.close(order_id)
        assert state() is SagaState.STUCK
        store.begin_attempt(saga, TEN)
        store.close(order_id)
        store.close(order_id)
        assert state() is SagaState.ENDED
        assert store.ends([order_id]) == {order_id: "confirmed"}
        assert order_id not in {it.order_id for it in store.overdue(ELEVEN)}

    def test_orders_without_a_saga_are_told_from_those_with_one(
        self, store: SagaStore, order_id: str
    ) -> None:
        others = [str(uuid.uuid4()) for _ in range(150)]
        store.begin(Saga(order_id, CONTEXT, due_at=TEN))
        assert list(store.without_saga([*others, order_id])) == others
        assert list(store.without_saga([])) == []

    def test_it_is_remembered_until_when_missed_orders_were_looked_for(
        self, store: SagaStore
    ) -> None:
        store.note_looked_until(NINE)
        store.note_looked_until(TEN)
        assert store.looked_until() == TEN

    def test_a_new_token_replaces_the_old_one_and_leaves_the_data(
        self, store: SagaStore, order_id: str
    ) -> None:
        first = self._command(order_id, "first", {"reason": "declined"})
        assert store.keep_token(first) == first
        second = replace(first, token="second", sent_at=TEN, data={"reason": "other"})
        assert store.keep_token(second) == replace(second, data=first.data)
        assert list(store.commands(order_id)) == [replace(second, data=first.data)]

    def test_a_failure_is_replaced_and_a_final_answer_is_not(
        self, store: SagaStore, order_id: str
    ) -> None:
        store.keep_token(self._command(order_id, "token", {}))
        assert store.keep_reply(order_id, "release-stock", FAILED).reply == FAILED
        assert store.keep_reply(order_id, "release-stock", DONE).reply == DONE
        kept = store.keep_reply(order_id, "release-stock", FAILED)
        assert (kept.reply, kept.token) == (DONE, "token")

    def test_an_answer_stays_when_the_command_is_sent_again(
        self, store: SagaStore, order_id: str
    ) -> None:
        store.keep_token(self._command(order_id, "first", {}))
        store.keep_reply(order_id, "release-stock", DONE)
        assert store.keep_token(self._command(order_id, "second", {})).reply == DONE

    def test_an_answer_to_what_was_never_sent_is_refused(
        self, store: SagaStore, order_id: str
    ) -> None:
        with pytest.raises(UnknownCommand):
            store.keep_reply(order_id, "release-stock", DONE)
        assert list(store.commands(order_id)) == []

    @staticmethod
    def _command(order_id: str, token: str, data: dict[str, str]) -> SentCommand:
        return SentCommand(order_id, "release-stock", "command", data, token, NINE)
