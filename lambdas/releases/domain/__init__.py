"""What a release is judged by; knows nothing of AWS or Envoy."""
