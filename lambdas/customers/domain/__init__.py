"""What is known of a customer, and when it may change; the standard library alone."""
