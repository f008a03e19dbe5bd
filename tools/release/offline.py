"""What a release needs on this machine: the new version's process, and callers meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tools.emulator.pricing.system import PricingSystem
from tools.release.callers import Callers

RATE = 150
"""Calls a second."""


@contextmanager
def beside(system: PricingSystem, version: str, fault: str | None) -> Iterator[Callers]:
    """The new version in the slot without calls; at the end, whoever gets none is stopped."""
    traffic = system.envoy.traffic
    slot = traffic.idle()
    if slot is not None:
        system.versions[slot].start(version, fault, wait=False)
    try:
        with Callers(system.envoy.plain_url, RATE).calling() as callers:
            yield callers
    finally:
        idle = traffic.idle()
        if slot is not None and idle is not None:
            system.versions[idle].stop()
