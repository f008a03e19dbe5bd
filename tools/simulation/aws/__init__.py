"""AWS as the simulation plays it: what its documents promise, and nothing more."""
