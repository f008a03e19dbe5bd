"""Writes into a template how long a projector's batch is at work offline: a moment, not a minute.

A rebuild waits for the last batch that did not know of it, as long as a batch may take.
"""

from __future__ import annotations

import copy
from typing import Any

BATCH_OFFLINE = 5
"""Seconds that a batch may be at work: offline it is milliseconds."""
_VARIABLE = "BATCH_SECONDS"


def with_short_batches(template: dict[str, Any]) -> dict[str, Any]:
    """The template; a copy where a function is told how long batches are."""
    if _VARIABLE not in str(template):
        return template
    shortened = copy.deepcopy(template)
    for resource in shortened["Resources"].values():
        variables = resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
        if _VARIABLE in variables:
            variables[_VARIABLE] = str(BATCH_OFFLINE)
    return shortened
