"""Customers' way to DynamoDB, and the fact as the bus carries it."""
