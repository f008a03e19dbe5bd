"""What may happen to stock; the standard library alone."""
