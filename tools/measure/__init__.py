"""What the system costs and how fast it is, measured."""
