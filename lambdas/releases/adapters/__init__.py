"""The two places where versions share calls: ECS on VPC Lattice, and one Envoy."""
