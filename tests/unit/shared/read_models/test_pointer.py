"""The pointer of generations: which moves each state admits, and that nobody is overwritten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from shared.read_models.pointer import Generation, Pointer, PointerMoved
from tests.support.fakes.dynamodb_in_memory import DynamoDbInMemory, refusing

KEY = {"pk": {"S": "pointer"}}
NOON = "2026-12-01T12:00:00.000Z"
ONE = "2026-12-01T13:00:00.000Z"

FRESH = Generation()
SERVED = Generation("g2", newest=2, switched_at=NOON)
FILLING = Generation("g1", "g2", False, 2, NOON)
COMPLETE = Generation("g2", "g1", True, 2, NOON, switched_at=NOON)
ERASING = Generation("g2", newest=2, erasing="g1", retired_at=NOON, switched_at=NOON)
STATES = {
    "fresh": FRESH,
    "served": SERVED,
    "filling": FILLING,
    "complete": COMPLETE,
    "erasing": ERASING,
}
MOVES: dict[str, Callable[[Pointer], Generation]] = {
    "begin": lambda it: it.begin(),
    "switch": lambda it: it.switch("g2"),
    "switch to another": lambda it: it.switch("g3"),
    "back": lambda it: it.back(),
    "retire": lambda it: it.retire(),
    "erased": lambda it: it.erased("g1"),
    "erased another": lambda it: it.erased("g3"),
}
ADMITTED: dict[tuple[str, str], Generation] = {
    ("fresh", "begin"): Generation("g1", "g2", False, 2, ONE),
    ("served", "begin"): Generation("g2", "g3", False, 3, ONE, switched_at=NOON),
    ("filling", "begin"): FILLING,
    ("filling", "switch"): replace(COMPLETE, switched_at=ONE),
    ("complete", "switch"): COMPLETE,
    ("complete", "back"): Generation("g1", "g2", True, 2, NOON, switched_at=ONE),
    ("filling", "retire"): Generation("g1", newest=2, erasing="g2", retired_at=ONE),
    ("complete", "retire"): replace(ERASING, retired_at=ONE),
    ("erasing", "retire"): ERASING,
    ("erasing", "erased"): SERVED,
}


@pytest.fixture(autouse=True)
def one_o_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.runtime.clock.now", lambda: ONE)


@pytest.fixture
def database() -> DynamoDbInMemory:
    return DynamoDbInMemory({"views": ("pk",)})


@pytest.fixture
def pointer(database: DynamoDbInMemory) -> Pointer:
    return Pointer(database, "views", KEY)


def says(database: DynamoDbInMemory, state: Generation) -> None:
    """The table's item is what a move to that state has written."""
    database.tables["views"].clear()
    if state != FRESH:
        texts = ("live", "building", "began_at", "erasing", "retired_at", "switched_at")
        item = {name: {"S": getattr(state, name)} for name in texts if getattr(state, name)}
        numbers = {"newest": {"N": str(state.newest)}, "complete": {"BOOL": state.complete}}
        database.put_item(TableName="views", Item={**KEY, **item, **numbers})
    database.calls.clear()


@pytest.mark.parametrize("state", STATES.values(), ids=list(STATES))
def test_what_was_written_is_read(
    database: DynamoDbInMemory, pointer: Pointer, state: Generation
) -> None:
    says(database, state)
    assert pointer.read() == state
    [(_, request)] = database.calls
    assert request["ConsistentRead"] is True


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("state", STATES)
def test_a_move_is_made_where_the_pointer_admits_it_and_nowhere_else(
    database: DynamoDbInMemory, pointer: Pointer, state: str, move: str
) -> None:
    says(database, STATES[state])
    before = database.items("views")
    expected = ADMITTED.get((state, move))
    if expected is None:
        with pytest.raises(PointerMoved):
            MOVES[move](pointer)
        assert database.items("views") == before
    else:
        assert MOVES[move](pointer) == expected
        assert pointer.read() == expected


def test_a_step_that_is_taken_twice_is_written_once(
    database: DynamoDbInMemory, pointer: Pointer
) -> None:
    pointer.begin()
    pointer.begin()
    pointer.switch("g2")
    pointer.switch("g2")
    assert database.names().count("put_item") == 2


def test_back_is_there_and_back(database: DynamoDbInMemory, pointer: Pointer) -> None:
    says(database, COMPLETE)
    pointer.back()
    assert pointer.back() == replace(COMPLETE, switched_at=ONE)


def test_no_generation_is_named_twice(pointer: Pointer) -> None:
    for newest in (2, 3, 4):
        begun = pointer.begin()
        assert begun.building == f"g{newest}"
        pointer.retire()
        pointer.erased(f"g{newest}")


def test_of_two_who_begin_at_the_same_time_one_begins_and_the_other_joins(
    database: DynamoDbInMemory, pointer: Pointer
) -> None:
    other = Pointer(database, "views", KEY)
    begun = []

    def between_read_and_write(operation: str, _request: object) -> None:
        if operation == "put_item":
            database.before = lambda *_: None
            begun.append(other.begin())

    database.before = between_read_and_write
    assert pointer.begin() == begun[0] == pointer.read()
    assert begun[0].building == "g2"


def test_a_refusal_says_in_words_what_there_is(
    database: DynamoDbInMemory, pointer: Pointer
) -> None:
    pointer.begin()
    with pytest.raises(PointerMoved, match=r"g1 is served, g2 is filled$"):
        pointer.switch("g7")
    says(database, COMPLETE)
    kept = f"{COMPLETE.building} is kept as the way back"
    with pytest.raises(PointerMoved, match=f"{COMPLETE.live} is served, {kept}$"):
        pointer.switch("g7")


MEANWHILE: dict[str, tuple[str, str, Callable[[Pointer], object]]] = {
    "somebody switches": ("filling", "retire", lambda it: it.switch("g2")),
    "somebody retires": ("complete", "back", lambda it: it.retire()),
    "somebody goes back": ("complete", "retire", lambda it: it.back()),
    "somebody has erased": ("erasing", "erased", lambda it: it.erased("g1")),
    "somebody begins and gives up": (
        "served",
        "begin",
        lambda it: (it.begin(), it.retire(), it.erased("g3")),
    ),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_a_move_that_meets_another_is_refused_and_overwrites_nothing(
    database: DynamoDbInMemory, pointer: Pointer, what: str
) -> None:
    state, move, others = MEANWHILE[what]
    says(database, STATES[state])
    other = Pointer(database, "views", KEY)

    def between_read_and_write(operation: str, _request: object) -> None:
        if operation == "put_item":
            database.before = lambda *_: None
            others(other)

    database.before = between_read_and_write
    with pytest.raises(PointerMoved, match="meanwhile") as moved:
        MOVES[move](pointer)
    found = pointer.read()
    assert str(found) in str(moved.value)
    says(database, STATES[state])
    others(other)
    assert found == pointer.read()


def test_a_table_that_refuses_is_no_moved_pointer(
    database: DynamoDbInMemory, pointer: Pointer
) -> None:
    database.before = refusing("ThrottlingException", on="put_item")
    with pytest.raises(ClientError):
        pointer.begin()
    assert pointer.read() == FRESH


def test_back_and_retire_are_refused_where_another_generation_was_seen(
    database: DynamoDbInMemory, pointer: Pointer
) -> None:
    says(database, COMPLETE)
    with pytest.raises(PointerMoved, match="it is not g1 that is served"):
        pointer.back("g1")
    with pytest.raises(PointerMoved, match="g2 is not beside"):
        pointer.retire("g2")
    assert pointer.read() == COMPLETE
    assert pointer.back("g2").live == "g1"
    assert pointer.retire("g2").erasing == "g2"
    assert pointer.retire("g2").erasing == "g2", "once more changes nothing"


def test_what_was_erased_is_told_from_what_there_never_was() -> None:
    assert SERVED.was_erased("g1")
    assert not any(COMPLETE.was_erased(it) for it in ("g1", "g2", "g3", "g", "x1"))
    assert not ERASING.was_erased("g1")
