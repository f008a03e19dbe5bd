"""AWS as this machine plays it: engine, functions' processes, payment providers."""
