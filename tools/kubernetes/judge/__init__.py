"""What an API server asks of a custom resource, in the order in which it asks."""
