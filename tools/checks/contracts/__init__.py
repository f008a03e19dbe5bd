"""Keeps the events' schemas as released, and refuses what old readers would not understand."""
