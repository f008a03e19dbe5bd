"""The saga's rules: its steps, what undoes them, and what is known of each."""
