"""Tables, orders' history, and the way out to partners' receivers."""
