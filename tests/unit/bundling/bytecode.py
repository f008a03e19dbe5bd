"""Reads what a .pyc says about itself."""

import struct
import zipfile
from pathlib import Path

PYTHON_313_MAGIC = bytes.fromhex("f30d0d0a")
UNCHECKED_HASH = 0b01  # PEP 552: hash-based, and nobody compares it with the source


def byte_code_in(package: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(package) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.endswith(".pyc")}


def magic_of(pyc: bytes) -> bytes:
    return pyc[:4]


def flags_of(pyc: bytes) -> int:
    return int(struct.unpack("<I", pyc[4:8])[0])
