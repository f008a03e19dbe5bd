"""What operators may see of a message: the fields that its schemas allow, cut and made harmless."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.messaging.envelope import Envelope
from shared.runtime.plain_text import plain

LONGEST_TEXT = 200
MOST_ENTRIES = 100
"""Of a list; an order has 99 lines at most."""

Scalar = str | int | float | bool | None
ShownFields = Mapping[str, Sequence[str]]
"""By type of message: the paths below `data`, such as ``total`` or ``lines[].sku``."""
_Tree = dict[str, Any]


def shown(message: Envelope, fields: ShownFields) -> dict[str, Any]:
    """The data of a message without the fields that its type does not name.

    Of a type that nobody named, nothing. A value of another form than its path says is left out:
    whoever writes messages may write anything. For example::

        shown(placed, {"OrderPlaced": ["total", "lines[].sku"]})
        # {"total": 2580, "lines": [{"sku": "MUG-BLUE"}]}
    """
    return _pruned(message.data, _tree(fields.get(message.type, ())))


def _tree(paths: Sequence[str]) -> _Tree:
    """``lines[].sku`` and ``total`` as ``{"lines[]": {"sku": {}}, "total": {}}``."""
    tree: _Tree = {}
    for path in paths:
        branch = tree
        for name in path.split("."):
            branch = branch.setdefault(name, {})
    return tree


def _pruned(data: Mapping[str, Any], tree: _Tree) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for step, branch in tree.items():
        name = step.removesuffix("[]")
        if name not in data:
            continue
        value = data[name]
        if not branch:
            if _is_plain(value):
                kept[name] = _harmless(value)
        elif step.endswith("[]") and isinstance(value, list):
            parts = [it for it in value if isinstance(it, dict)]
            kept[name] = [_pruned(it, branch) for it in parts[:MOST_ENTRIES]]
        elif not step.endswith("[]") and isinstance(value, dict):
            kept[name] = _pruned(value, branch)
    return kept


def _is_plain(value: Any) -> bool:
    """A text, a number, a truth or nothing, or a list of such."""
    if isinstance(value, list):
        return all(isinstance(it, Scalar) for it in value)
    return isinstance(value, Scalar)


def _harmless(value: Any) -> Any:
    if isinstance(value, list):
        return [_harmless(it) for it in value[:MOST_ENTRIES]]
    return plain(value, LONGEST_TEXT) if isinstance(value, str) else value
