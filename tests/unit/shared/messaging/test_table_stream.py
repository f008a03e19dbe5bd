"""A table's stream: images of one kind in their order, and what cannot be read stops nobody."""

from __future__ import annotations

from typing import Any

import pytest

from shared.messaging.table_stream import read_images

Told = list[tuple[dict[str, Any], str]]


def changed(kind: str, number: str, **image: Any) -> dict[str, Any]:
    return {"eventName": kind, "dynamodb": {"Keys": {"id": number}, "NewImage": image}}


EVENT = {
    "Records": [
        changed("INSERT", "1", n="1"),
        changed("MODIFY", "2", n="2"),
        changed("INSERT", "3"),
        changed("INSERT", "4", n="four"),
        {"eventName": "REMOVE", "dynamodb": {"Keys": {"id": "5"}}},
        changed("INSERT", "6", n="6"),
    ]
}


@pytest.mark.parametrize(("kind", "expected"), [("INSERT", [1, 6]), ("MODIFY", [2])])
def test_images_of_one_kind_are_read_in_order(kind: Any, expected: list[int]) -> None:
    assert list(read_images(EVENT, kind, lambda it: int(it["n"]), lambda *_: None)) == expected


def test_what_cannot_be_read_is_told_with_its_keys() -> None:
    told: Told = []
    list(
        read_images(
            EVENT,
            "INSERT",
            lambda it: int(it["n"]),
            lambda keys, broken: told.append((keys, type(broken).__name__)),
        )
    )
    assert told == [({"id": "3"}, "KeyError"), ({"id": "4"}, "ValueError")]


def test_an_error_of_another_kind_makes_the_batch_come_again() -> None:
    def unreachable(_image: dict[str, Any]) -> int:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        list(read_images(EVENT, "INSERT", unreachable, lambda *_: None))
