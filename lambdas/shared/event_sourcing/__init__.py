"""The write side of an event-sourced aggregate: store, commands, relay, and reading for others."""
