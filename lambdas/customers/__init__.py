"""Customers: the only place with names, addresses and e-mail; forgets them on request."""
