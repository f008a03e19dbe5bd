"""Looks for credentials wherever one could have got to: code, templates, packages, logs, images."""
