"""What it means that three places hold the same; the standard library alone."""
