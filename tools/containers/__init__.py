"""What services in containers need before they are built: their contract, code and tools."""
