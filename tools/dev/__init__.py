"""`make dev`: keeps what is up as the checkout is, from one save to the next."""
