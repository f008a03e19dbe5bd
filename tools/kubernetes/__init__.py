"""Judges Kubernetes manifests as an API server would, without one."""
