"""Writes the pages that follow from code and templates."""
