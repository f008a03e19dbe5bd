"""Notifications: tells customers what became of their orders; nobody knows that it listens."""
