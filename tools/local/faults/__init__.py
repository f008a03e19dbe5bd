"""Faults and load that an operator causes from the console, offline alone. ADR 0039."""

from tools.local.faults.process import FaultProcess

__all__ = ["FaultProcess"]
