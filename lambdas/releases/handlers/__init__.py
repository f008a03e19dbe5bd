"""The function that the state machine calls."""
