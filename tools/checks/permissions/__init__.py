"""What roles may do, beside what they were seen doing while permissions were enforced."""
