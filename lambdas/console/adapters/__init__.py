"""Implements the ports, on AWS and on the package's own files."""
