"""Write side of ordering: commands append to the event store, the relay publishes what they did."""
