"""Commands and checks around the system: nothing in here is deployed. Layers point downward."""
