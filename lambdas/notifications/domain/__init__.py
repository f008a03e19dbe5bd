"""What a customer is told, and when; the standard library alone."""
