"""Compiles and zips package folders; runs under the Python that will run the packages.

Stands alone, because that Python is Pyodide or the emulator's interpreter and sees nothing else
of this project: it may use the standard library only, from Python 3.11 on.

The bytes are the same each time. Entries are sorted, with one date and two modes. Byte code is
compiled file by file, and nothing of a file is kept alive while the next one is compiled: CPython
marshals a string differently while another live code object shares it, so what came before would
show.
"""

import py_compile
import sys
import zipfile
from importlib.util import cache_from_source
from pathlib import Path

DATE = (1980, 1, 1, 0, 0, 0)  # the oldest that a zip can hold, and the one that the CDK writes
FILE, LIBRARY = 0o100644, 0o100755  # Lambda runs as another user: all may read
SMALLEST, QUICKEST = 9, 1
"""Levels of compression: for a cold start, which fetches the zip, and for one that waits for it."""

Compiled = dict[tuple[Path, bytes], bytes]
"""By a source's place in the zip and what it says: its byte code."""


def pack_folders(staging: Path, level: int = SMALLEST) -> None:
    """Turn each folder `x` in `staging` into `x.zip` beside it, byte code included.

    Raises py_compile.PyCompileError for a source that this Python cannot compile.
    """
    compiled: Compiled = {}
    for folder in sorted(path for path in staging.iterdir() if path.is_dir()):
        compile_sources(folder, compiled)
        write_zip(folder, folder.with_suffix(".zip"), level)


def compile_sources(folder: Path, compiled: Compiled) -> None:
    """Put a .pyc into `__pycache__` for each source, naming the source as it lies in the zip.

    What several packages hold, as they all hold `shared`, is compiled once: the same bytes under
    the same name give the same byte code, and compiling is most of a build's work.

    Unchecked: the CDK rewrites all dates, and a .pyc that is checked against a date would be
    stale on arrival and compiled again in every cold start.
    """
    for source in sorted(folder.rglob("*.py")):
        byte_code = Path(cache_from_source(str(source), optimization=""))
        key = (source.relative_to(folder), source.read_bytes())
        if key in compiled:
            byte_code.parent.mkdir(exist_ok=True)
            byte_code.write_bytes(compiled[key])
            continue
        py_compile.compile(
            str(source),
            dfile=source.relative_to(folder).as_posix(),
            doraise=True,
            optimize=0,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        compiled[key] = byte_code.read_bytes()


def write_zip(folder: Path, target: Path, level: int) -> None:
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    with zipfile.ZipFile(target, "w") as archive:
        for name, path in sorted(files.items()):
            if path.is_file():
                entry = zipfile.ZipInfo(name, DATE)
                entry.create_system = 3  # Unix, on Windows too: only there are modes read
                entry.external_attr = (LIBRARY if path.suffix == ".so" else FILE) << 16
                content = path.read_bytes()
                archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=level)


def main(staging: str, level: str = str(SMALLEST)) -> int:
    """Pack, and return the exit status: 1 and a line on stderr for a source with an error."""
    try:
        pack_folders(Path(staging), int(level))
    except py_compile.PyCompileError as error:
        print(error.msg.strip(), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
