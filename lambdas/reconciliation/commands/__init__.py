"""The steps of a comparison: what they read, what they repair, and what a run writes down."""
