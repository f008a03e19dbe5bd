"""What other services need to know of customers."""
