"""Proves that event store, log and archive hold the same events, and repairs what they miss."""
