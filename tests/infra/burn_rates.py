"""CloudWatch's judgement of a template's alarms, over recorded series: a value for each minute.

Only what the templates use is known: FILL, IF, arithmetic and comparisons over sums, sample counts
and percentile ranks; and alarm rules of ALARM, AND and OR. Anything else raises.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.infra.system import Resource, Template

Series = Mapping[str, Sequence[float | None]]
"""By the name of a metric with its statistic, such as ``RecordsProjected Sum``: what each minute
had. Of an API's metrics, with the path too: ``5XXError /v1/orders Sum``."""
MINUTE = 60
OPERATIONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.GtE: operator.ge,
    ast.Gt: operator.gt,
    ast.LtE: operator.le,
    ast.Lt: operator.lt,
}


class NotUnderstood(Exception):
    """The template has something that this does not judge."""


@dataclass(frozen=True)
class Judge:
    """Judges the composite alarms of a template."""

    template: Template

    def pages(self, composite: str, series: Series) -> int | None:
        """In which minute the alarm first rings, counted from 1; None if it never does."""
        (alarm,) = (
            it
            for it in self.template.resources("AWS::CloudWatch::CompositeAlarm")
            if it.id.startswith(composite)
        )
        rule = alarm.text(alarm.properties["AlarmRule"])
        states: dict[str, list[bool]] = {}
        for name in re.findall(r"\{[\w-]+:(\w+)\.Arn\}", rule):
            states[name] = self._states(self._alarm(name), series)
        minutes = len(next(iter(series.values())))
        for minute in range(minutes):
            if self._rings(rule, {name: it[minute] for name, it in states.items()}):
                return minute + 1
        return None

    def _alarm(self, id: str) -> Resource:
        return next(it for it in self.template.resources("AWS::CloudWatch::Alarm") if it.id == id)

    def _rings(self, rule: str, states: Mapping[str, bool]) -> bool:
        text = re.sub(r'ALARM\("\{[\w-]+:(\w+)\.Arn\}"\)', lambda it: str(states[it[1]]), rule)
        text = text.replace(" AND ", " and ").replace(" OR ", " or ")
        if re.sub(r"True|False|and|or|[()\s]", "", text):
            raise NotUnderstood(rule)
        return bool(eval(text, {"__builtins__": {}}))  # noqa: S307 - nothing but words above

    def _states(self, alarm: Resource, series: Series) -> list[bool]:
        properties = alarm.properties
        if (
            properties["EvaluationPeriods"] != 1
            or properties["TreatMissingData"] != "notBreaching"
            or properties["ComparisonOperator"] != "GreaterThanOrEqualToThreshold"
        ):
            raise NotUnderstood(str(alarm))
        (result,) = (it for it in properties["Metrics"] if it.get("Expression"))
        expression = ast.parse(result["Expression"], mode="eval").body
        windows = {
            it["Id"]: _windows(it["MetricStat"], series)
            for it in properties["Metrics"]
            if "MetricStat" in it
        }
        states = []
        for minute in range(len(next(iter(series.values())))):
            found = _evaluate(expression, {id: it[minute] for id, it in windows.items()})
            states.append(found is not None and round(found, 9) >= properties["Threshold"])
        return states


def _windows(stat: Mapping[str, Any], series: Series) -> list[float | None]:
    """A data point for each minute: CloudWatch looks each minute at the period that ends there."""
    kind = stat["Stat"]
    path = [it["Value"] for it in stat["Metric"]["Dimensions"] if it["Name"] == "Resource"]
    name = " ".join([stat["Metric"]["MetricName"], *path])
    length = stat["Period"] // MINUTE
    if f"{name} {kind}" not in series:
        raise NotUnderstood(f"no series {name} {kind}")
    values = series[f"{name} {kind}"]
    if kind in ("Sum", "SampleCount"):
        return _sums(values, length)
    if kind.startswith("PR("):  # a percentage of samples: weighed by how many there were
        samples = series[f"{name} SampleCount"]
        parts = [
            None if it is None or not count else it * count
            for it, count in zip(values, samples, strict=True)
        ]
        return [
            None if part is None or not weight else part / weight
            for part, weight in zip(_sums(parts, length), _sums(samples, length), strict=True)
        ]
    raise NotUnderstood(kind)


def _sums(values: Sequence[float | None], length: int) -> list[float | None]:
    """The sum of each minute's last ``length`` minutes; None where none of them has a value."""
    sums: list[float] = [0]
    present = [0]
    for value in values:
        sums.append(sums[-1] + (value or 0))
        present.append(present[-1] + (value is not None))
    found: list[float | None] = []
    for end in range(1, len(sums)):
        begin = max(0, end - length)
        found.append(sums[end] - sums[begin] if present[end] > present[begin] else None)
    return found


def _evaluate(node: ast.expr, values: Mapping[str, float | None]) -> Any:
    """None where data is missing, as CloudWatch has no point there."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.Name(id=name):
            return values[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _applied(op, _evaluate(left, values), _evaluate(right, values))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _applied(op, _evaluate(left, values), _evaluate(right, values))
        case ast.Call(func=ast.Name(id="FILL"), args=[it, fallback]):
            found = _evaluate(it, values)
            return _evaluate(fallback, values) if found is None else found
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
            held = _evaluate(condition, values)
            return None if held is None else _evaluate(then if held else otherwise, values)
    raise NotUnderstood(ast.dump(node))


def _applied(op: ast.operator | ast.cmpop, left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    if isinstance(op, ast.Div) and right == 0:
        return None
    return OPERATIONS[type(op)](left, right)
