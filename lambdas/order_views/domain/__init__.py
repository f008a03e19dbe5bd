"""What a customer sees of an order; the standard library alone."""
