"""Customers' way to DynamoDB, and the integration event as the bus carries it."""
