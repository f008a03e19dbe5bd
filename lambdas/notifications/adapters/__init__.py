"""Notifications' way to its ledger, to mail, and to the services that it asks."""
