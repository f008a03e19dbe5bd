"""What a price is, and what may be asked for: no gRPC, no AWS."""
