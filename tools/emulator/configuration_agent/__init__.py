"""The AppConfig agent as functions see it: its HTTP interface, before the emulator's data API."""

from tools.emulator.configuration_agent.process import ConfigurationAgent

__all__ = ["ConfigurationAgent"]
