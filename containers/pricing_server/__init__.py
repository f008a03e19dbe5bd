"""Pricing: a gRPC server that offers signed prices, and says which prices are in force."""
