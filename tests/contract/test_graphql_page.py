"""What callers of GraphQL are given to read: true of the schema, and right where it is used."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from graphql import parse, validate

from bundling.workspace import ROOT, command_line_tool
from tools.docgen import graphql_page
from tools.measure.benchmarks.graph import QUERY

USES = """
import type { Customer, Order, OrderChange, OrderStatus } from "./orders";
const ended: OrderStatus[] = ["CONFIRMED", "REJECTED", "CANCELLED"];
export function lines(me: Customer): number {
  const order: Order | null = me.order;
  return order?.lines?.reduce((sum, line) => sum + line.quantity, 0) ?? 0;
}
export const isOver = (order: Order): boolean => ended.includes(order.status);
export const version = (change: OrderChange): number => change.version;
"""
WRONG = {
    "a field that may be null": "export const n = (me: { order: null }) => me.order.id;",
    "a field that there is not": (
        'import type { Order } from "./orders"; export const n = (it: Order) => it.price;'
    ),
    "a value that there is not": (
        'import type { OrderStatus } from "./orders"; export const s: OrderStatus = "SHIPPED";'
    ),
}


@pytest.mark.parametrize("text", [graphql_page.EXAMPLES, QUERY], ids=["page", "benchmark"])
def test_examples_are_right_by_the_schema(text: str) -> None:
    assert validate(graphql_page.schema(), parse(text)) == []


def test_nobody_is_told_of_what_the_bus_alone_may_do() -> None:
    for text in (graphql_page.page(), graphql_page.types()):
        assert "publishOrderChange" not in text


def compiled(folder: Path, code: str) -> str:
    """What TypeScript says about code that uses the types."""
    (folder / "orders.ts").write_text(graphql_page.types(), "utf-8")
    (folder / "uses.ts").write_text(code, "utf-8")
    tsc = ROOT / "web" / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        [command_line_tool("node"), str(tsc), "--noEmit", "--strict", "--target", "es2022",
         str(folder / "uses.ts")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout


def test_a_client_in_typescript_has_the_types_of_what_is_answered(tmp_path: Path) -> None:
    assert compiled(tmp_path, USES) == ""


@pytest.mark.parametrize("what", WRONG)
def test_a_client_that_uses_it_wrongly_does_not_compile(tmp_path: Path, what: str) -> None:
    assert "error TS" in compiled(tmp_path, WRONG[what])
