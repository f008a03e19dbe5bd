"""Rebuilds the system in another region, from backups of tables and the copy of the archive."""
