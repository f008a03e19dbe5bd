"""The functions that AWS calls; each parses, calls one command, and answers."""
