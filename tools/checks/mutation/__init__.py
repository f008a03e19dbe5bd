"""Changes the code a little at each place, and finds out whether a test notices."""
