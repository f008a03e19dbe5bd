"""Releases a version of a service in containers, and shows how it goes."""
