"""Fulfilment's way to DynamoDB, Step Functions and the owners' queues."""
