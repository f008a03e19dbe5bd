"""The functions that AWS calls; each parses, calls one command or query, and answers."""
