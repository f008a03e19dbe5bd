"""What runs inside a measured process: the standard library and the code under measurement."""
