"""What a month costs in which nobody orders anything, from the templates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.measure.costs.assumptions import Assumptions
from tools.measure.costs.errors import UnpricedProperty
from tools.measure.costs.idle_rates import BY_USE, FREE, PRICED
from tools.measure.costs.prices import Charge, PriceList

Template = Mapping[str, Any]
RUN_BY_FUNCTIONS = "Custom::"
"""Custom resources: their functions run while a stack is deployed, and at no other time."""


@dataclass(frozen=True, slots=True)
class Idle:
    """USD a month by stack and part, and the types of resources that nobody has looked at."""

    stacks: Mapping[str, Mapping[str, float]]
    unknown: frozenset[str]

    @property
    def parts(self) -> list[str]:
        """What is paid for, dearest first."""
        totals: dict[str, float] = defaultdict(float)
        for parts in self.stacks.values():
            for part, usd in parts.items():
                totals[part] += usd
        return sorted(totals, key=lambda part: -totals[part])

    @property
    def total(self) -> float:
        return sum(usd for parts in self.stacks.values() for usd in parts.values())


def idle(templates: Mapping[str, Template], prices: PriceList, assumed: Assumptions) -> Idle:
    """Reckon it for templates by their stacks' names.

    Raises:
        UnpricedProperty: naming the resource and the property that has no price.
        PriceListError: a price is not on the list.
    """
    stacks: dict[str, dict[str, float]] = {}
    unknown = set()
    for name, template in templates.items():
        parts: dict[str, float] = defaultdict(float)
        for charge in charges(name, template, assumed):
            parts[charge.part] += prices.cost([charge])
        stacks[name] = dict(parts)
        types = {resource["Type"] for resource in template["Resources"].values()}
        unknown |= {type for type in types if not is_known(type)}
    return Idle(stacks, frozenset(unknown))


def is_known(type: str) -> bool:
    """Whether it is on record what a resource of this type costs, be it nothing."""
    return type in PRICED or type in BY_USE or type in FREE or type.startswith(RUN_BY_FUNCTIONS)


def charges(stack: str, template: Template, assumed: Assumptions) -> list[Charge]:
    """All that stands in one stack and is paid for while it stands.

    Raises:
        UnpricedProperty: naming the resource.
    """
    found = []
    resources = template["Resources"]
    for id, resource in resources.items():
        rule = PRICED.get(resource["Type"])
        if rule is None:
            continue
        try:
            found += list(rule(resource.get("Properties", {}), resources, assumed))
        except UnpricedProperty as unpriced:
            raise UnpricedProperty(f"{stack}, {id}: {unpriced}") from unpriced
    return found
