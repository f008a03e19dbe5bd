"""Releases of services in containers: a new version gets a share of the calls, and is judged."""
