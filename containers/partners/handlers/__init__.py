"""The HTTP service: its routes, how refusals read, its start and its end."""
