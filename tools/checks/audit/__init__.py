"""Has other people's rules look at the templates of every environment; exceptions have reasons."""
