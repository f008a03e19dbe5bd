"""Paths of fields, as the server writes them."""


def child(path: str, name: str) -> str:
    """``spec`` and ``rules`` make ``spec.rules``."""
    return f"{path}.{name}" if path else name


def index(path: str, number: int) -> str:
    """``spec.rules`` and 0 make ``spec.rules[0]``."""
    return f"{path}[{number}]"


def key(path: str, name: str) -> str:
    """An entry of a map whose names are free: ``labels[app]``."""
    return f"{path}[{name}]"
