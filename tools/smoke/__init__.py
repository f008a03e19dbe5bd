"""The smoke test of a first deployment: real calls for what only AWS decides."""
