"""Where prices and the signing key come from."""
