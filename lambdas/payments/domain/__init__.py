"""What may happen to a payment; the standard library alone."""
