"""Which changes are forbidden, and what undoes them; the standard library alone."""
