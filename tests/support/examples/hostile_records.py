"""Records that nobody meant to send, as anybody who can write to the log might send them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from shared.messaging.envelope import Envelope, encode
from tests.support.examples.log_of_orders import ORDERS, event

HUGE = int("9" * 50)
TEXTS = [
    "",
    "x",
    "[/x]",
    "\x00",
    "\x1b[2J\x1b]0;owned\x07",
    "‮gpj.exe",
    "a\nb",
    "ÿ" * 36,
    "x" * 257,
    "x" * 5000,
    "../../etc/passwd",
    "'; DROP TABLE orders; --",
    "$(touch x)",
    "\U0001f69a",
]
NUMBERS: list[Any] = [HUGE, -HUGE, 2**53, 0, -1, 1.5, 1e300, 10**9 + 1]
OTHERS: list[Any] = [None, True, [], {}, [[[]]], {"a": {"a": {}}}]
FIELDS = Envelope.__struct_fields__


def _raw(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _fields(base: Envelope) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(encode(base))
    return fields


def every(base: Envelope) -> Iterator[bytes]:
    """The event with each field, and each value in its data, replaced by each of these."""
    good = encode(base)
    for field in FIELDS:
        for value in (*TEXTS, *NUMBERS, *OTHERS):
            yield _raw(_fields(base) | {field: value})
    for name in base.data:
        for value in (*TEXTS, *NUMBERS, *OTHERS):
            yield _raw(_fields(base) | {"data": base.data | {name: value}})
    its_id = base.aggregate_id.encode()
    yield good.replace(its_id, b"\xff" * 36)
    yield good.replace(its_id, b"\x00" * 36)
    yield good.replace(its_id, "ÿ".encode() * 18)
    yield good.replace(b'"version":', b'"version":' + b"9" * 50)
    yield good.replace(b'"version":', b'"version":1,"version":')
    yield good[:-1]
    yield good[: len(good) // 2]
    yield good + good
    yield good.replace(b'"data":{', b'"data":{"deep":' + b"[" * 5000 + b"]" * 5000 + b",")
    yield b"\xff\xfe"
    yield b"null"
    yield b"[" * 100_000
    yield b" " * 400_000
    yield b"\x1f\x8b" + good


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """One record with some fields replaced, and perhaps some bytes of it."""
    base = event(draw(st.sampled_from(ORDERS)), draw(st.integers(1, 3)), "OrderPlaced")
    anything = st.one_of(
        st.sampled_from([*TEXTS, *NUMBERS, *OTHERS]), st.text(max_size=40), st.integers()
    )
    changed = _fields(base)
    for field in draw(st.lists(st.sampled_from(FIELDS), max_size=3)):
        changed[field] = deepcopy(draw(anything))  # it may be filled below
    if isinstance(changed["data"], dict):
        for name in draw(st.lists(st.sampled_from(list(base.data)), max_size=3)):
            changed["data"][name] = deepcopy(draw(anything))
    body = bytearray(_raw(changed))
    for at in draw(st.lists(st.integers(0, len(body) - 1), max_size=3)):
        body[at] = draw(st.integers(0, 255))
    return bytes(body)
