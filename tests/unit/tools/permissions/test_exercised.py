"""What was exercised is kept in a file that changes with it, and with nothing else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from contracts.product import PRODUCT
from tools.checks.permissions import exercised
from tools.checks.permissions.compare import Grant

PUT = Grant(f"{PRODUCT}-dev-orders-Place", "dynamodb:PutItem", f"arn:aws:dynamodb:{PRODUCT}-Store")
GET = Grant(PUT.role, "dynamodb:GetItem", PUT.resource)
FIRST, LATER = date(2026, 11, 27), date(2026, 11, 28)


def test_what_is_kept_is_read_again_and_knows_no_products_name(tmp_path: Path) -> None:
    file = tmp_path / "exercised.toml"
    exercised.keep([PUT, GET], FIRST, file)
    assert exercised.read(file) == (FIRST, {PUT, GET})
    assert PRODUCT not in file.read_text("utf-8")


def test_a_file_that_says_the_same_stays_with_its_day(tmp_path: Path) -> None:
    file = tmp_path / "exercised.toml"
    exercised.keep([PUT, GET], FIRST, file)
    exercised.keep([GET, PUT, GET], LATER, file)
    assert exercised.read(file)[0] == FIRST
    exercised.keep([GET], LATER, file)
    assert exercised.read(file) == (LATER, {GET})
