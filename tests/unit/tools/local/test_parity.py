"""The parity ledger says what the emulator does, and is held to it from both sides."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from tools.base.endpoint import Cloud
from tools.base.errors import ParityError
from tools.emulator import parity

LEDGER = tomllib.loads(parity.LEDGER.read_text())["types"]


def test_a_ledger_that_agrees_with_the_emulator_passes() -> None:
    parity.assert_ledger_is_right(frozenset({"AWS::A::B"}), frozenset({"AWS::A::B"}))


def test_what_the_emulator_lacks_must_be_named() -> None:
    with pytest.raises(ParityError, match=r"does not know these types.*AWS::A::B$"):
        parity.assert_ledger_is_right(frozenset({"AWS::A::B"}), frozenset())


def test_what_is_named_as_lacking_must_be_lacking() -> None:
    with pytest.raises(ParityError, match=r"has learned these types.*AWS::A::B$"):
        parity.assert_ledger_is_right(frozenset(), frozenset({"AWS::A::B"}))


def test_only_absent_types_are_left_out(tmp_path: Path) -> None:
    ledger = tmp_path / "parity.toml"
    ledger.write_text(
        '[types."AWS::A::A"]\noffline = "absent"\n[types."AWS::B::B"]\noffline = "partial"\n'
    )
    assert parity.absent_types(ledger) == {"AWS::A::A"}


def _validate(types: list[str], answer: str | None, code: str = "ValidationError") -> Any:
    client = Cloud("http://127.0.0.1:9").client("cloudformation")
    stubber = Stubber(client)
    asked = {f"R{number}": {"Type": name} for number, name in enumerate(types)}
    body = {"TemplateBody": json.dumps({"Resources": asked})}
    if answer is None:
        stubber.add_response("validate_template", {}, body)
    else:
        stubber.add_client_error("validate_template", code, answer, expected_params=body)
    with stubber:
        return parity.unknown_types(client, types)


def test_the_emulator_itself_names_the_types_that_it_does_not_know() -> None:
    message = "Template format error: Unrecognized resource types: [AWS::A::A, AWS::C::C]"
    types = ["AWS::A::A", "AWS::B::B", "AWS::C::C"]
    assert _validate(types, message) == {"AWS::A::A", "AWS::C::C"}
    assert _validate(types, None) == frozenset()


def test_another_complaint_of_the_emulator_is_not_mistaken_for_an_answer() -> None:
    with pytest.raises(Exception, match="too long"):
        _validate(["AWS::A::A"], "the template is too long")


@pytest.mark.parametrize(("name", "entry"), LEDGER.items())
def test_an_entry_says_what_is_missing_and_what_is_checked_instead(
    name: str, entry: dict[str, str]
) -> None:
    asked = {"works": set(), "partial": {"missing", "instead"}, "absent": {"instead"}}
    about_tests = {"guards", "unguarded", "properties"}  # which tests/infra looks at
    assert set(entry) - {"offline"} - about_tests == asked[entry["offline"]]
    assert all(entry.values())
    assert name.startswith("AWS::")
