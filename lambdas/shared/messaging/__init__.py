"""How services talk: the envelope, queues with dead letters, the bus, and the event log."""
