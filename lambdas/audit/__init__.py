"""Audit: what nobody may change, put back where that is possible."""
