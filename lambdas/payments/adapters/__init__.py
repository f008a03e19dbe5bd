"""Payments' way to DynamoDB, Secrets Manager and the payment provider."""
