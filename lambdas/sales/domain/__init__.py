"""What a sale is; the standard library alone."""
