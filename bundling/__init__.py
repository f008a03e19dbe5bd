"""Builds the Lambda assets: for each service one small zip, the same bytes each time."""

from bundling.workspace import asset_path

__all__ = ["asset_path"]
