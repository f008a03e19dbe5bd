"""Orders' published language: its events, their versions and histories, and price quotes.

Consumers of orders import this package, and never ``orders`` itself.
"""
