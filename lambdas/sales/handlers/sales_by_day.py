"""For colleagues and their tools: the totals of a day, called as a function with IAM."""

from functools import cache
from typing import Annotated, Any

import msgspec

from sales.adapters.sales_table import POINTER, SalesTable
from sales.settings import for_queries
from shared.read_models.generations import Generations
from shared.read_models.parked_records import ParkedRecords
from shared.runtime import aws

CURRENCIES = ("EUR", "GBP", "USD")


class SalesByDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request: a UTC day, such as ``2026-12-01``."""

    day: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}\Z")]


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """``{day, totals: [{currency, orders, amount}]}``, amounts in minor units.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
    """
    asked = msgspec.convert(event, SalesByDay)
    client, table_name = aws.client("dynamodb"), for_queries().sales_table
    unused = ParkedRecords(client, "", "sales")
    table = SalesTable(client, table_name, _generations().live, unused)
    return {
        "day": asked.day,
        "totals": msgspec.to_builtins(table.totals(asked.day, CURRENCIES)),
    }


@cache
def _generations() -> Generations:
    return Generations(aws.client("dynamodb"), for_queries().sales_table, POINTER)
