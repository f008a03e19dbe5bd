"""Inventory's ports on AWS."""
