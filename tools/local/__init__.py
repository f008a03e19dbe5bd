"""Runs everything offline: the same templates, deployed to an embedded emulator of AWS."""
