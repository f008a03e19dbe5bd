"""No code names a partition, an address of AWS or a region: each is told where it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tools.base.workspace import CHECKOUT

LITERAL = re.compile(
    r"arn:aws[a-z-]*:"
    r"|(?<![\w.-])(?!logging\.s3|((pods|capabilities)\.)?[a-z0-9-]+\.amazonaws\.com\b)[\w{}.-]*\.amazonaws\.(?:com|eu)"
    r"|\b(?:[a-z]{2}|us-gov|eusc-[a-z]{2})-(?:north|south|east|west|central)[a-z]*-\d\b"
)
"""A partition, an address of AWS that is no service's name as a principal, or a region."""
THE_TABLE = CHECKOUT / "stacks" / "partitions.py"


def test_code_names_no_partition_no_address_and_no_region() -> None:
    found = [
        f"{file.relative_to(CHECKOUT)}: {text}"
        for folder in ("stacks", "lambdas")
        for file in (CHECKOUT / folder).rglob("*.py")
        if file != THE_TABLE
        for text in _literals(file.read_text())
    ]
    assert not found


@pytest.mark.parametrize(
    "planted",
    [
        '"arn:aws:states:::lambda:invoke"',
        'f"arn:aws-cn:iam::{account}:role/x"',
        'f"secretsmanager.{region}.amazonaws.com"',
        '"https://sqs.eu-west-1.amazonaws.com/"',
        '"eu-west-1"',
        '"eusc-de-east-1"',
    ],
)
def test_a_planted_literal_is_found(planted: str) -> None:
    assert list(_literals(f"x = {planted}"))


@pytest.mark.parametrize(
    "fine", ['"lambda.amazonaws.com"', '"arn:${Partition}:states:::x"', '"a-north-1"']
)
def test_a_principal_and_a_part_that_is_filled_in_are_none(fine: str) -> None:
    assert not list(_literals(f"x = {fine}"))


def _literals(source: str) -> Iterator[str]:
    """What strings say of a place; a part that is formatted counts as text without a name."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.JoinedStr():
                text = "".join(
                    str(it.value) if isinstance(it, ast.Constant) else "{}" for it in node.values
                )
            case ast.Constant(value=str() as text):
                pass
            case _:
                continue
        yield from (it[0] for it in LITERAL.finditer(text))
