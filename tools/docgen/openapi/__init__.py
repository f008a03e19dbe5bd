"""Writes contracts/openapi: what people wrote of each API, and what the code says itself."""
