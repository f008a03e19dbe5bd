"""What every function needs to run: AWS clients, environment, configuration, logs, HTTP answers."""
