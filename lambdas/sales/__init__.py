"""What was sold, by day and currency: a read model that counts instead of copying."""
