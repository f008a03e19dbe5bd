"""The product's name, which stands in pyproject.toml alone: whatever is called after it asks here.

Functions are deployed without this file. They learn it from their environment, in
``shared.runtime.product``.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

_FILE = Path(__file__).parents[1] / "pyproject.toml"

PRODUCT: str = tomllib.loads(_FILE.read_text("utf-8"))["project"]["name"]
"""As stacks, parameters, buckets and the bus's sources have it: small letters and digits."""
PRODUCT_TITLE = PRODUCT.capitalize()
"""As people read it, and metrics' namespaces begin."""
PROBLEM_TYPES = f"https://{PRODUCT}.example/problems/"
"""How the type of every problem document begins (RFC 9457)."""
