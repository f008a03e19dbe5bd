"""The way to pricing's containers."""
