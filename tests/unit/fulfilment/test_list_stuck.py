"""Operators see every saga that waits for them, and what of it is to be settled."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fulfilment import commands
from fulfilment.domain.saga import Reply, Saga, SentCommand, Unsettled, unsettled
from fulfilment.domain.steps import command_id
from fulfilment.handlers import list_stuck
from tests.support.examples.fulfilment import CONTEXT, NINE, ORDER, TEN
from tests.support.examples.hostile_records import TEXTS
from tests.support.fakes.in_memory_sagas import InMemorySagas

Answer = str | tuple[str, str] | None
"""An outcome, with its reason or without; None is no answer."""


def sent(**answers: Answer) -> list[SentCommand]:
    """The commands of a saga, with how each was answered."""

    def command(step: str, answer: Answer) -> SentCommand:
        outcome, reason = answer if isinstance(answer, tuple) else (answer, None)
        reply = Reply(outcome, reason, {}, TEN) if outcome else None
        return SentCommand(ORDER, step, command_id(ORDER, step), {}, "token", NINE, reply)

    return [command(name.replace("_", "-"), answer) for name, answer in answers.items()]


DONE = {"reserve_stock": "done", "authorize_payment": "done", "book_shipment": "done"}
UNDONE = {
    "cancel_shipment": "done",
    "void_payment": "done",
    "release_stock": "done",
    "reject_order": "done",
}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (("failed", "gave-up"), "failed: gave-up"),
        ("failed", "failed: without a reason"),
        (("refused", "collected"), "refused: collected"),
        (None, "was never answered"),
    ],
)
def test_an_undo_that_is_not_done_is_named_with_its_reason(answer: Answer, reason: str) -> None:
    found = unsettled(sent(**{**DONE, **UNDONE, "cancel_shipment": answer}))
    assert found == (Unsettled("cancel-shipment", reason),)


def test_every_undo_that_is_not_done_is_named_in_the_order_of_undoing() -> None:
    found = unsettled(sent(**{**DONE, **UNDONE, "release_stock": None, "cancel_shipment": None}))
    assert [it.step for it in found] == ["cancel-shipment", "release-stock"]


def test_once_every_undo_is_done_nothing_is_to_be_settled() -> None:
    assert unsettled(sent(**DONE, **UNDONE)) == ()


def test_an_undo_that_could_not_even_be_asked_for_is_named() -> None:
    asked = {name: "done" for name in UNDONE if name != "release_stock"}
    found = unsettled(sent(**DONE, **asked))
    assert found == (Unsettled("release-stock", "was never asked for"),)


def test_what_was_captured_is_refunded_and_needs_no_void() -> None:
    undone = {name: "done" for name in UNDONE if name != "void_payment"}
    assert unsettled(sent(**DONE, capture_payment=None, **undone)) == (
        Unsettled("refund-payment", "was never asked for"),
    )
    assert unsettled(sent(**DONE, capture_payment=None, **undone, refund_payment="done")) == ()


def test_a_void_that_is_refused_leaves_its_refund_to_be_settled() -> None:
    undone: dict[str, Answer] = {**UNDONE, "void_payment": ("refused", "captured")}
    assert unsettled(sent(**DONE, **undone, refund_payment="done")) == ()
    assert unsettled(sent(**DONE, **undone, refund_payment="failed")) == (
        Unsettled("refund-payment", "failed: without a reason"),
    )


def test_an_order_that_was_confirmed_while_it_was_undone_is_named_and_a_cancelled_one_is_not() -> (
    None
):
    cancelled: dict[str, Answer] = {**UNDONE, "reject_order": ("refused", "order-cancelled")}
    assert unsettled(sent(**DONE, **cancelled)) == ()
    confirmed: dict[str, Answer] = {**UNDONE, "reject_order": ("refused", "order-confirmed")}
    assert unsettled(sent(**DONE, **confirmed)) == (
        Unsettled("reject-order", "refused: order-confirmed"),
    )


def order(number: int) -> str:
    return f"{number:08x}{ORDER[8:]}"


def store_with(count: int, *, at: str = NINE) -> InMemorySagas:
    store = InMemorySagas()
    for number in range(count):
        store.begin(Saga(order(number), CONTEXT, due_at=TEN))
        store.mark_stuck(order(number), at, settled=True)
    return store


def answers(monkeypatch: pytest.MonkeyPatch, store: InMemorySagas) -> list[dict[str, Any]]:
    """What the function answers, call by call, until it says that there is no more."""
    monkeypatch.setattr(list_stuck, "sagas", lambda _: store)
    monkeypatch.setattr(list_stuck, "load", lambda _: None)
    found = [json.loads(json.dumps(list_stuck.handler({}, None)))]
    while found[-1]["next"]:
        found.append(json.loads(json.dumps(list_stuck.handler({"after": found[-1]["next"]}, None))))
    return found


def test_however_many_wait_since_the_same_moment_each_is_listed_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = 2 * commands.MOST_LISTED + 1
    pages = answers(monkeypatch, store_with(count))
    assert [len(page["stuck"]) for page in pages] == [commands.MOST_LISTED] * 2 + [1]
    listed = [it["order_id"] for page in pages for it in page["stuck"]]
    assert listed == [order(number) for number in range(count)]


def test_a_page_that_is_just_full_is_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(answers(monkeypatch, store_with(commands.MOST_LISTED))) == 1
    assert answers(monkeypatch, store_with(0)) == [{"stuck": [], "next": None}]


@pytest.mark.parametrize("text", TEXTS, ids=repr)
def test_what_an_owner_gave_as_its_reason_is_bounded_and_plain(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    store = store_with(1)
    store.sent = {
        (order(0), "release-stock"): SentCommand(
            order(0), "release-stock", "", {}, "t", NINE, Reply("failed", text * 100, {}, TEN)
        )
    }
    ((page,), *_) = [it["stuck"] for it in answers(monkeypatch, store)]
    (left,) = page["unsettled"]
    assert left["step"] == "release-stock"
    assert left["reason"].isprintable()
    assert len(left["reason"]) <= list_stuck.LONGEST_REASON
