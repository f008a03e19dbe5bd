"""What every service shares: the envelope, problem documents, and the way to AWS. No domain."""
