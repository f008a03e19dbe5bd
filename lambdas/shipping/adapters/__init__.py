"""Shipping's way to DynamoDB, SNS, SQS, and to the carriers."""
