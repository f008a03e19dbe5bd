"""What the system costs: idle, from its templates; for a million orders, from counted calls."""
