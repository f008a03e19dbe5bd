"""Asks pricing for a quote, and orders with it."""
