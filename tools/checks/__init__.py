"""What a change must pass: findings, mutants, secrets, released contracts."""
