"""Audit's way to CloudTrail, S3, KMS and the operators."""
