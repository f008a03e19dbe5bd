"""Opens what is looked through: files, archives in archives, layers of images, text in pictures."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.checks.secret_scan.errors import ScanError

LARGEST = 64 * 1024 * 1024
"""Bytes of one file, packed or not; a larger one is an error, not a file that is passed over."""
DEEPEST = 6
"""Archives in each other: an image, its layer, a package in it, and some to spare."""
_PRINTABLE = re.compile(rb"[\x09\x20-\x7e]{8,}")
_ZIP, _GZIP, _PNG = b"PK\x03\x04", b"\x1f\x8b", b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Content:
    """A text with its place, such as ``image.tar!layer.tar!etc/app.conf``."""

    place: str
    text: str


def contents(path: Path, place: str | None = None) -> Iterator[Content]:
    """Every text in a file, whatever it is packed in.

    Raises:
        ScanError: it is damaged, larger than LARGEST, or packed deeper than DEEPEST.
    """
    if path.stat().st_size > LARGEST:
        raise ScanError(f"{path} is larger than {LARGEST} bytes")
    yield from _opened(place or str(path), path.read_bytes(), DEEPEST)


def _opened(place: str, content: bytes, deeper: int) -> Iterator[Content]:
    if deeper < 0:
        raise ScanError(f"{place} is packed too deeply")
    try:
        if content.startswith(_ZIP):
            members = _zip_members(place, content)
        elif content.startswith(_GZIP):
            members = iter([(place, _unzipped(place, content))])
        elif content[257:262] == b"ustar":
            members = _tar_members(place, content)
        else:
            yield Content(place, _text(content))
            members = _texts_of_png(place, content) if content.startswith(_PNG) else iter(())
        for inner, unpacked in members:
            yield from _opened(inner, unpacked, deeper - 1)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, OSError, EOFError) as damaged:
        raise ScanError(f"{place} cannot be opened: {damaged}") from damaged


def _zip_members(place: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            if member.file_size > LARGEST:
                raise ScanError(f"{place}!{member.filename} is larger than {LARGEST} bytes")
            if not member.is_dir():
                yield f"{place}!{member.filename}", archive.read(member)


def _tar_members(place: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isreg() else None
            if file is not None:
                yield f"{place}!{member.name}", file.read()


def _unzipped(place: str, content: bytes) -> bytes:
    unpacked = gzip.GzipFile(fileobj=io.BytesIO(content)).read(LARGEST + 1)
    if len(unpacked) > LARGEST:
        raise ScanError(f"{place} is larger than {LARGEST} bytes when it is unpacked")
    return unpacked


def _texts_of_png(place: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Comments that are compressed: what is written plainly has been seen already."""
    offset = len(_PNG)
    while offset + 8 <= len(content):
        length = int.from_bytes(content[offset : offset + 4])
        kind = content[offset + 4 : offset + 8]
        body = content[offset + 8 : offset + 8 + length]
        _, _, text = body.partition(b"\0")
        if kind == b"zTXt":
            yield f"{place}!zTXt", zlib.decompress(text[1:])
        if kind == b"iTXt" and text[:1] == b"\1":
            yield f"{place}!iTXt", zlib.decompress(text[2:].split(b"\0", 2)[2])
        offset += length + 12


def _text(content: bytes) -> str:
    """As text if it is one, else whatever is printable in it, one piece on each line."""
    if b"\0" not in content:
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return b"\n".join(_PRINTABLE.findall(content)).decode("ascii")
