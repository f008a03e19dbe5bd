"""Shared ground: what other services say reaches the central event log through here."""
