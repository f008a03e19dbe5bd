"""A flowchart in Mermaid's language: nodes and arrows, each once, in the order they were named."""

from __future__ import annotations

import re

STYLES = {
    "system": "fill:#2c6cb0,stroke:#1d4e85,color:#ffffff",
    "service": "fill:#e7f0fb,stroke:#2c6cb0,color:#1c1c22",
    "function": "fill:#e7f0fb,stroke:#2c6cb0,color:#1c1c22",
    "shared": "fill:#fffbe6,stroke:#a58a17,color:#1c1c22",
    "store": "fill:#e4f4e8,stroke:#2d8a4a,color:#1c1c22",
    "outside": "fill:#f1f1f4,stroke:#6b6b76,color:#1c1c22",
}


class Drawing:
    """Collects nodes and arrows."""

    def __init__(self, direction: str) -> None:
        self._direction = direction
        self._nodes: dict[str, str] = {}
        self._styled: dict[str, str] = {}
        self._arrows: dict[tuple[str, str, bool], dict[str, None]] = {}

    def node(self, id: str, left: str, text: str, right: str, style: str) -> None:
        """A box; ``left`` and ``right`` are the brackets that say its form."""
        if id not in self._nodes:
            self._nodes[id] = f'    {_safe(id)}{left}"{text}"{right}'
            self._styled[id] = style

    def arrow(self, begin: str, end: str, label: str, *, dashed: bool = False) -> None:
        """What flows; arrows between the same ends become one with all labels."""
        self._arrows.setdefault((begin, end, dashed), {})[label] = None

    def text(self) -> str:
        """The flowchart. What no arrow touches is left out."""
        touched = {end for begin, end, _ in self._arrows} | {it for it, _, _ in self._arrows}
        lines = [f"flowchart {self._direction}"]
        lines += [line for id, line in self._nodes.items() if id in touched]
        for (begin, end, dashed), labels in self._arrows.items():
            line = "-.->" if dashed else "-->"
            label = "<br>".join(it for it in labels if it)
            said = f'|"{label}"|' if label else ""
            lines.append(f"    {_safe(begin)} {line}{said} {_safe(end)}")
        for style in dict.fromkeys(self._styled[id] for id in self._nodes if id in touched):
            ids = [_safe(id) for id in self._nodes if id in touched and self._styled[id] == style]
            lines.append(f"    classDef {style} {STYLES[style]}")
            lines.append(f"    class {','.join(ids)} {style}")
        return "\n".join(lines)


def _safe(id: str) -> str:
    """An id that is no word of Mermaid's own."""
    return "n_" + re.sub(r"\W", "_", id)
