"""What every tool stands on: where it works, clients, files, processes, terminal."""
