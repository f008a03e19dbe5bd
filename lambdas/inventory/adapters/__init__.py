"""Inventory's way to DynamoDB."""
