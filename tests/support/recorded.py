"""Definitions of custom resources, and a server's verdicts: other projects' files, never ours."""

from __future__ import annotations

import os

import pytest

FOLDER = os.environ.get("DEFINITIONS_FOLDER", "")
"""Where they lie, with ``verdicts.jsonl``, recorded from a real server."""

with_definitions = pytest.mark.skipif(
    not FOLDER, reason="definitions are not in the repository, and DEFINITIONS_FOLDER names none"
)
