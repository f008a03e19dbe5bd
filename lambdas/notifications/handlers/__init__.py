"""The function that AWS calls; it parses, calls one command, and answers."""
