"""Sales' way to DynamoDB."""
