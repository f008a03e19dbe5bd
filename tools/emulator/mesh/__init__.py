"""VPC Lattice's place before a function, offline: an Envoy with mutual TLS, and what invokes it.

On AWS a caller is the role by which it signs; here it is the SPIFFE id of its certificate, and
``relay.py`` says to the function which role that stands for.
"""
