"""Orders' way to DynamoDB, Kinesis and EventBridge."""
