"""Read models that follow the event log: projector, parked records, generations, rebuild."""
