"""Read side of ordering: views that follow the event log, and the queries on them."""
