"""The event log's way to DynamoDB."""
