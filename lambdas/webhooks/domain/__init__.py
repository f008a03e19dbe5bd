"""Where partners are told, and what; the standard library alone."""
