"""Webhooks: tells partners' systems, at an address of theirs, what becomes of their orders."""
