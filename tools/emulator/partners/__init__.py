"""Partners offline: the service as a process, behind an Envoy made from the cluster's manifests."""
