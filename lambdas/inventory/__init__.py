"""Stock: reserved for orders, released again, sold."""
