"""Inventory's Lambda handlers."""
