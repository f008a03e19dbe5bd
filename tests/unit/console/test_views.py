"""The console tells views' generations as their owners do, and who is silent by name."""

from __future__ import annotations

from typing import Any

import pytest

from console.adapters.views_answers import equal, may, views
from console.ports import Unanswered
from tests.support.console_contract import problems
from tests.unit.console.test_timeline import Answers, card

AT = "2026-12-01T12:00:00.000Z"


def generation(name: str, state: str, total: str | None = None, **its: Any) -> dict[str, Any]:
    items, summed = (None, None) if total is None else (3, AT)
    known = {"name": name, "state": state, "since": AT, "items": items, "sum": total}
    return {**known, "summed_at": summed, **its}


REBUILD: dict[str, Any] = {
    "generation": "g2",
    "phase": "fold",
    "began_at": AT,
    "objects": 3,
    "bytes": 900,
    "tasks": 2,
    "partitioned": 2,
    "partitions": 4,
    "folded": 1,
    "records": None,
}
KEPT = [generation("g2", "served", "ab"), generation("g1", "kept", "ab")]
SAID: dict[str, Any] = {
    "consumer": "order-view",
    "generations": [generation("g1", "served"), generation("g2", "filled")],
    "rebuild": REBUILD,
    "run": {"status": "RUNNING", "started_at": AT, "ended_at": None},
}
CARDS = [
    card("orders", consumers=["bus-publisher"], show={"bus-publisher": "p"}),
    card("order-views", views=["order-view"], show={"order-view": "view"}),
    card("sales", views=["sales"], show={"sales": "sales"}),
]


def told(**of: Any) -> dict[str, dict[str, Any]]:
    said = {"view": SAID, "sales": {**SAID, "generations": KEPT, "rebuild": None, "run": None}}
    found = views(Answers(**{**said, **of}), CARDS)
    assert problems("Views", {"as_of": AT, "views": found}) == []
    return {it["name"]: it for it in found}


def test_views_are_told_and_consumers_that_keep_none_are_not() -> None:
    found = told()
    assert list(found) == ["order-view", "sales"]
    view = found["order-view"]
    assert (view["service"], view["problem"], view["may"]) == (
        *("order-views", None),
        ["rebuild", "retire"],
    )
    assert view["rebuild"] == REBUILD
    assert found["sales"]["equal"] is True


def test_who_is_silent_is_named_and_takes_nothing_from_the_others() -> None:
    found = told(view=Unanswered("gone"))
    assert (found["order-view"]["problem"], found["order-view"]["generations"]) == ("gone", [])
    assert found["order-view"]["may"] == []
    assert found["sales"]["problem"] is None


@pytest.mark.parametrize("answer", [{"consumer": "order-view"}, None, {"generations": [{}]}, "x"])
def test_an_owner_of_another_version_is_not_understood_and_no_failure(answer: Any) -> None:
    found = told(view=answer)
    assert "not understood" in found["order-view"]["problem"]


def test_what_an_owner_tells_besides_is_not_passed_on() -> None:
    with_more = {**SAID, "run": {**SAID["run"], "input": "secret"}, "token": "secret"}
    with_more["generations"] = [generation("g1", "served", customer="secret")]
    with_more["rebuild"] = {**REBUILD, "named": ["secret"]}
    assert "secret" not in str(told(view=with_more))


@pytest.mark.parametrize(
    ("generations", "expected"),
    [
        ([generation("g1", "served", "ab")], None),
        (KEPT, True),
        ([generation("g2", "served", "ab"), generation("g1", "kept", "cd")], False),
        ([generation("g2", "served", "ab"), generation("g1", "kept")], None),
        ([generation("g1", "served", "ab"), generation("g2", "filled", "ab")], None),
        ([generation("g2", "served", "ab"), generation("g1", "kept", "ab", items=4)], False),
    ],
)
def test_two_whole_generations_are_compared_and_no_parts(
    generations: list[dict[str, Any]], expected: bool | None
) -> None:
    assert equal(generations) is expected


@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        (None, ["rebuild"]),
        ("filled", ["rebuild", "retire"]),
        ("kept", ["back", "retire"]),
        ("erased", ["retire"]),
    ],
)
def test_what_may_be_done_next_is_what_the_pointer_admits(
    beside: str | None, expected: list[str]
) -> None:
    others = [] if beside is None else [generation("g2", beside)]
    assert may([generation("g1", "served"), *others]) == expected
