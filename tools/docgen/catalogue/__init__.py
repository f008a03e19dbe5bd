"""The catalogue of services: who owns what, and who talks to whom."""
