"""The functions that AWS calls; each parses, asks one question, and answers."""
