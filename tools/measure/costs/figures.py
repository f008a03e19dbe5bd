"""The figures of the console's bill, from what docs/costs.md is made of: prices, counts, templates.

The app takes the file along when it is built. What grows with somebody's numbers is one straight
line for each service and part (``bill.rates``), so that the app has no rule of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tools.base.workspace import CHECKOUT
from tools.measure.costs import assumptions, prices, survey
from tools.measure.costs.bill import AT_MOST, DAYS_A_MONTH, MOST_LINES, Numbers, rates
from tools.measure.costs.idle import Template, idle
from tools.measure.costs.prices import OLD, TOO_OLD

FILE = CHECKOUT / "web" / "src" / "figures" / "bill.json"


def text(stages: Mapping[str, Mapping[str, Template]], in_containers: Iterable[str]) -> str:
    """The file, from the templates of each stage by service.

    Raises:
        CostError: a price is missing, or nothing was counted.
    """
    listed, counted, assumed = prices.read(), survey.read(), assumptions.read()
    document: dict[str, Any] = {
        "counted_on": counted.counted_on.isoformat(),
        "prices_read_on": listed.read_on.isoformat(),
        "region": listed.region,
        "old_after_days": OLD.days,
        "too_old_after_days": TOO_OLD.days,
        "days_a_month": DAYS_A_MONTH,
        "most_lines": MOST_LINES,
        "months": Numbers(0).months,
        "containers": sorted(in_containers),
        "idle": {
            stage: {
                service: {part: _figure(usd) for part, usd in sorted(parts.items())}
                for service, parts in sorted(idle(templates, listed, assumed).stacks.items())
                if parts
            }
            for stage, templates in stages.items()
        },
        "rates": [
            [it.service, it.part, it.grows_with, _figure(it.few), _figure(it.many)]
            for it in rates(counted, listed, assumed)
        ],
        "at_most": sorted(AT_MOST),
        "not_read": sorted(it.name for it in listed.prices.values() if it.checked == "memory"),
    }
    return f"{json.dumps(document, indent=1)}\n"


def in_containers() -> list[str]:
    """What the file says of services in containers: only their stacks can tell, which take long."""
    return list(json.loads(FILE.read_text("utf-8"))["containers"])


def _figure(usd: float) -> float:
    return float(f"{usd:.8g}")
