"""Faults that are ordered at a payment provider: a share of requests, and each by its name."""

from __future__ import annotations

import pytest

from tools.emulator.payment_provider.faults import Fault, Faults, InvalidFault


def kinds(faults: Faults, count: int) -> list[str | None]:
    found = [faults.next("authorize", f"order {number}", 100) for number in range(count)]
    return [it.kind if it else None for it in found]


def test_every_second_request_is_declined() -> None:
    faults = Faults()
    faults.add(Fault.of({"kind": "decline", "every": 2}))
    assert kinds(faults, 5) == [None, "decline", None, "decline", None]
    assert faults.document()[0]["matched"] == 5


def test_one_is_taken_away_by_its_name_and_the_others_stay() -> None:
    faults = Faults()
    faults.add(Fault.of({"kind": "decline", "name": "console"}))
    faults.add(Fault.of({"kind": "error", "times": 2}))
    assert kinds(faults, 1) == ["decline"]
    faults.remove("console")
    faults.remove("nobody")
    assert kinds(faults, 3) == ["error", "error", None]


def test_how_many_matched_is_nobodys_to_say() -> None:
    with pytest.raises(InvalidFault, match="matched"):
        Fault.of({"kind": "decline", "matched": 3})
