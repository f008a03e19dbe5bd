"""For colleagues and their tools: the totals of a day, called as a function with IAM."""

from functools import cache
from typing import Annotated, Any

import msgspec

from sales.adapters.sales_table import KEY, SalesTable
from sales.environment import QueryEnvironment
from shared.read_models.generations import Generations, pointer_key
from shared.read_models.parked_records import ParkedRecords
from shared.runtime import aws
from shared.runtime.environment import load
from shared.runtime.tracing.invocations import invocation

CURRENCIES = ("EUR", "GBP", "USD")


class SalesByDay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request: a UTC day, such as ``2026-12-01``."""

    day: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}\Z")]


@invocation
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """``{day, totals: [{currency, orders, amount}]}``, amounts in minor units.

    Raises:
        msgspec.ValidationError: the request does not have the form above.
    """
    asked = msgspec.convert(event, SalesByDay)
    client, table_name = aws.client("dynamodb"), load(QueryEnvironment).sales_table
    unused = ParkedRecords(client, "", "sales")
    table = SalesTable(client, table_name, _generations().live, unused)
    return {
        "day": asked.day,
        "totals": msgspec.to_builtins(table.totals(asked.day, CURRENCIES)),
    }


@cache
def _generations() -> Generations:
    return Generations(aws.client("dynamodb"), load(QueryEnvironment).sales_table, pointer_key(KEY))
