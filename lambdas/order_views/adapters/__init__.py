"""Order views' way to DynamoDB and to orders' history."""
