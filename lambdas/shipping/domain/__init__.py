"""What a quote, an aggregation and a shipment are; the standard library alone."""
