"""Pricing offline: real gRPC servers as processes behind a real Envoy, on this machine alone.

Nothing is imported here: some of the modules run in the container tools' environment.
"""
