"""The gRPC server: its methods, what stands before each of them, its start and its end."""
