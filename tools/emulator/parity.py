"""Reads the parity ledger: what the emulator does for each type of resource."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tools.base.errors import ParityError
from tools.base.workspace import CHECKOUT

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

LEDGER = CHECKOUT / "docs" / "parity.toml"
_UNRECOGNIZED = re.compile(r"Unrecognized resource types: \[(.*)\]")


def ledger(file: Path = LEDGER) -> dict[str, Any]:
    """All that the ledger says."""
    return tomllib.loads(file.read_text())


def absent_types(file: Path = LEDGER) -> frozenset[str]:
    """The types that the ledger says the emulator does not know."""
    types = ledger(file)["types"]
    return frozenset(name for name, entry in types.items() if entry["offline"] == "absent")


def unknown_types(cloudformation: CloudFormationClient, types: Iterable[str]) -> frozenset[str]:
    """Those of `types` that the emulator itself says it does not know, in one call."""
    resources = {f"R{number}": {"Type": name} for number, name in enumerate(sorted(set(types)))}
    try:
        cloudformation.validate_template(TemplateBody=json.dumps({"Resources": resources}))
    except ClientError as error:
        match = _UNRECOGNIZED.search(error.response["Error"]["Message"])
        if match is None:
            raise
        return frozenset(match[1].split(", "))
    return frozenset()


def assert_ledger_is_right(unknown: frozenset[str], absent: frozenset[str]) -> None:
    """Both ways: what the emulator lacks is named, and what is named is lacking.

    Args:
        unknown: types that the emulator does not know, of those used or named.
        absent: types that the ledger says are absent.

    Raises:
        ParityError: naming the types.
    """
    if unnamed := sorted(unknown - absent):
        raise ParityError(
            "the emulator does not know these types, and docs/parity.toml does not say that they "
            f"are absent offline and what is checked instead: {', '.join(unnamed)}"
        )
    if gained := sorted(absent - unknown):
        raise ParityError(
            "the emulator has learned these types, but docs/parity.toml still says that they are "
            f"absent offline: {', '.join(gained)}"
        )
