"""What a partner's order is."""
