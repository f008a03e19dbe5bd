"""Measures the claims about speed and size, each against a peer or a limit in the same run."""
