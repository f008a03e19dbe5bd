"""The tools for containers, for tests that need them: without them these say so and are skipped."""

from __future__ import annotations

import pytest

from tools.containers.environment import HOW, is_there

NONE = f"the tools for containers are not installed: {HOW}"

with_containers = pytest.mark.skipif(not is_there(), reason=NONE)
