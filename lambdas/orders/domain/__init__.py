"""What an order is and may become; the standard library alone."""
