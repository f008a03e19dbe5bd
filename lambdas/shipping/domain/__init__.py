"""What a quote, a gathering and a shipment are; the standard library alone."""
