"""What the reckoning takes for granted where nothing can be counted."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tools.measure.costs.errors import PriceListError

FILE = Path(__file__).with_name("assumptions.toml")


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Each is explained in ``assumptions.toml``."""

    own_milliseconds: float
    call_milliseconds: float
    pollers: float
    poll_seconds: float
    sampled: float
    minutes_between_requests: float
    agent_seconds: float
    hours: float
    orders: float

    @property
    def idle_polls(self) -> float:
        """Requests a month to a queue that a function waits for."""
        return self.pollers * self.hours * 3600 / self.poll_seconds

    @property
    def agent_polls(self) -> float:
        """Requests a month for one document of one function that stays warm."""
        return self.hours * 3600 / self.agent_seconds

    @property
    def key_requests(self) -> float:
        """Requests a month for one client of one encrypted resource."""
        return self.hours * 60 / self.minutes_between_requests


def read(file: Path = FILE) -> Assumptions:
    """As they are written.

    Raises:
        PriceListError: one is missing, unknown or not greater than 0.
    """
    sections = tomllib.loads(file.read_text()).values()
    found = {name: value for section in sections for name, value in section.items()}
    if odd := found.keys() ^ Assumptions.__dataclass_fields__.keys():
        raise PriceListError(f"{file.name}: missing, or not expected: {', '.join(sorted(odd))}")
    for name, value in found.items():
        if type(value) not in (int, float) or not value > 0:
            raise PriceListError(f"{file.name}: {name} must be a number greater than 0")
    return Assumptions(**found)
