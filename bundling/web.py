"""Builds the console's web app into web/dist, and only when its sources or tools have changed.

`web/dist/manifest.json` names each file with its media type, its hash, and whether a browser may
keep it for ever.
"""

import fcntl
import json
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

from bundling.errors import AppNotBuilt, ToolMissing
from bundling.workspace import ROOT, command_line_tool

WEB = ROOT / "web"
MANIFEST = "manifest.json"


def app_files(web: Path = WEB) -> dict[str, bytes]:
    """The built app by name, its manifest included; what is stale is built first.

    Raises ToolMissing, AppNotBuilt.
    """
    build_app(web)
    dist = web / "dist"
    return {path.name: path.read_bytes() for path in sorted(dist.iterdir())}


def build_app(web: Path = WEB) -> bool:
    """Bring web/dist up to date; whether there was anything to build.

    Raises ToolMissing, AppNotBuilt.
    """
    (web / "src").stat()
    with (web / "build.mjs").open("rb") as lock:  # two builds at once do it once
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = _inputs(web)
        if _is_up_to_date(web, wanted):
            return False
        _build(web, wanted)
    return True


def _build(web: Path, inputs: str) -> None:
    if not (web / "node_modules" / "esbuild").is_dir():
        raise ToolMissing("web/node_modules/esbuild")
    draft = web / "dist.draft"
    shutil.rmtree(draft, ignore_errors=True)
    command = [command_line_tool("node"), str(web / "build.mjs"), str(draft)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AppNotBuilt(done.stderr.strip())
    shutil.rmtree(web / "dist", ignore_errors=True)
    draft.replace(web / "dist")
    _stamp(web).write_text(_record(web, inputs))


def _is_up_to_date(web: Path, inputs: str) -> bool:
    try:
        return _stamp(web).read_text() == _record(web, inputs)
    except (OSError, ValueError):
        return False


def _stamp(web: Path) -> Path:
    """Beside the tools and not in dist, which holds nothing but what is shipped."""
    return web / "node_modules" / ".dist-made-from"


def _inputs(web: Path) -> str:
    """Changes with every byte that decides what is built."""
    named = [web / "build.mjs", web / "package-lock.json"]
    hashed = sha256()
    for path in [*named, *sorted(it for it in (web / "src").rglob("*") if it.is_file())]:
        content = path.read_bytes()
        hashed.update(f"{path.relative_to(web).as_posix()}\0{len(content)}\0".encode())
        hashed.update(content)
    return hashed.hexdigest()


def _record(web: Path, inputs: str) -> str:
    """What went in and what came out: a file that was changed by hand is built again."""
    manifest = json.loads((web / "dist" / MANIFEST).read_text("utf-8"))
    names = sorted([*manifest["files"], MANIFEST])
    if names != sorted(path.name for path in (web / "dist").iterdir()):
        return ""
    files = "".join(
        f" {name} {sha256((web / 'dist' / name).read_bytes()).hexdigest()}" for name in names
    )
    return inputs + files
