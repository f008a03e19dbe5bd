"""Takes one environment down again: first says what would go and what must stay, then does it."""
