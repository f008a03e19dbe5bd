"""Rules over all manifests of a stage together, and where in a file a fault is."""
