"""Installs the pinned tools that everything else runs on; needs Python alone."""
