"""Where the tools for containers can be installed: Envoy is a program for a few platforms."""

from __future__ import annotations

import platform
import sys

WANTED = "CONTAINERS=yes"
_GLIBC = (2, 31)
_MACOS = 15
_PROCESSORS = {"linux": ("x86_64", "aarch64"), "darwin": ("arm64",)}


def missing_platform(
    system: str = sys.platform,
    processor: str | None = None,
    libc: tuple[str, str] | None = None,
    macos: str | None = None,
) -> str | None:
    """Why there is no Envoy for this machine, in a sentence; None if there is one.

    The arguments are what Python says of the machine; tests say other things.
    """
    processor = platform.machine() if processor is None else processor
    known = _PROCESSORS.get(system, ())
    if processor not in known:
        return _sentence(f"this is {system} on {processor}")
    if system == "darwin":
        version = platform.mac_ver()[0] if macos is None else macos
        if _numbers(version)[:1] < (_MACOS,):
            return _sentence(f"this is macOS {version or 'of an unknown version'}")
        return None
    name, version = platform.libc_ver() if libc is None else libc
    if name != "glibc" or _numbers(version) < _GLIBC:
        return _sentence(f"this machine's C library is {f'{name} {version}'.strip() or 'another'}")
    return None


def _sentence(found: str) -> str:
    return (
        "containers: they do not run on this machine, and everything else works. Envoy is there "
        f"for Linux with glibc {_GLIBC[0]}.{_GLIBC[1]} or later (x86_64, aarch64) and for macOS "
        f"{_MACOS} or later on arm64; {found}."
    )


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    return tuple(int(it) for it in parts if it.isdigit())
