"""What the machine has to offer: Python, disk, memory, ports, proxies, locale, limits."""

from __future__ import annotations

import importlib.util
import locale
import platform
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tools.doctor.finding import GIGABYTE, fail, gigabytes, ok, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tools.doctor.finding import Finding

OLDEST, NEWEST = (3, 11), (3, 14)
"""The Pythons that the workflows test."""
TO_SET_UP = 1.5 * GIGABYTE
"""Packages, their caches, the functions' archives and what one run keeps."""
TO_RUN = 0.3 * GIGABYTE
AT_MOST, AT_LEAST = 1.5 * GIGABYTE, 0.4 * GIGABYTE
"""Memory under load, and while nobody asks anything."""
FILES = 1024
WATCHES, WATCHERS = 8192, 128
USUAL_PORTS = (4610, 4611, 4620)
"""Of the two payment providers and the configuration agent; the emulator takes a free one."""
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
_INOTIFY = Path("/proc/sys/fs/inotify")


def python(
    version: tuple[int, ...],
    executable: str,
    *,
    installed: tuple[int, ...] | None,
    missing: Iterable[str],
) -> Finding:
    """The interpreter that `make setup` would take.

    Args:
        installed: version of the checkout's own Python, if it can be started: it is used then.
        missing: modules of the standard library that a distribution has split off.
    """
    about, said = "Python", f"{_dotted(version)} at {executable}"
    if installed and installed[:2] >= OLDEST:
        return ok(about, f"{_dotted(installed)} in .venv (outside of it: {said})")
    another = "make setup PYTHON=/path/to/python3.11"
    if version[:2] < OLDEST:
        return fail(
            about,
            f"{said} is older than {_dotted(OLDEST)}",
            f"Install Python {_dotted(OLDEST)} or later, then `{another}`.",
        )
    if lacking := list(missing):
        return fail(
            about,
            f"{said} comes without {', '.join(lacking)}",
            f"Install your system's package for it (such as python3-venv), or `{another}`.",
        )
    if version[:2] > NEWEST:
        return warn(
            about,
            f"{said} is newer than those that are tested",
            f"If a package cannot be installed: `{another}`, with one up to {_dotted(NEWEST)}.",
        )
    return ok(about, said)


def disk(free: int, *, is_set_up: bool) -> Finding:
    """Room where the checkout is."""
    about, said = "disk", f"{gigabytes(free)} free"
    needed = TO_RUN if is_set_up else TO_SET_UP
    if free < needed:
        return fail(
            about,
            f"{said}, and {gigabytes(needed)} are needed",
            "Make room; `make clean` removes what was built here.",
        )
    if free < 2 * needed:
        return warn(about, f"{said}: it is little", "Logs and saved states grow while it runs.")
    return ok(about, said)


def memory(available: int | None) -> Finding:
    """What new processes can have, the container's limit considered."""
    about = "memory"
    if available is None:
        return ok(about, "this system does not say how much is free")
    said = f"{gigabytes(available)} available"
    if available < AT_LEAST:
        return fail(
            about,
            f"{said}, and an idle system takes {gigabytes(AT_LEAST)}",
            "End other programs, or give the container more.",
        )
    if available < AT_MOST:
        return warn(
            about,
            f"{said}: enough to run, and not to run under load",
            f"`make load` and `make test` take up to {gigabytes(AT_MOST)}.",
        )
    return ok(about, said)


def ports(taken: Iterable[int], *, loopback: bool) -> Finding:
    """Whether something can listen here, and on its usual ports."""
    about = "ports"
    if not loopback:
        return fail(
            about,
            "nothing can listen on 127.0.0.1",
            "A sandbox or a firewall forbids it; allow programs to listen on this address.",
        )
    if others := sorted(taken):
        return warn(
            about,
            f"another program has {', '.join(map(str, others))}",
            "Free ports are taken instead; .local/outputs.json and `make status` name them.",
        )
    return ok(about, f"{', '.join(map(str, USUAL_PORTS))} are free or ours")


def proxies(
    environment: Mapping[str, str], reaches: Callable[[str, int], bool], *, is_set_up: bool
) -> Finding:
    """The proxies that a variable names: whether they answer, and are kept from this machine."""
    about = "proxies"
    named = {
        name: value
        for name, value in sorted(environment.items())
        if name.lower() in PROXY_VARIABLES and value
    }
    if not named:
        return ok(about, "none is named")
    for name, value in named.items():
        try:
            parts = urlsplit(value if "://" in value else f"http://{value}")
            host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            host, port = None, 0
        if host and reaches(host, port):
            continue
        # What stands before the @ may be a password.
        said = f"{name} names {host}:{port}, which does not answer" if host else f"{name}: no URL"
        advice = f"Correct the variable or `unset {name}`; packages cannot be fetched through it."
        return (warn if is_set_up else fail)(about, said, advice)
    direct = {
        host.strip()
        for name in ("no_proxy", "NO_PROXY")
        for host in environment.get(name, "").split(",")
    }
    if not direct & {"*", "127.0.0.1"}:
        return warn(
            about,
            f"{', '.join(named)}: used for 127.0.0.1 too",
            "Our commands go around it; for yours: `export no_proxy=127.0.0.1,localhost`.",
        )
    return ok(about, f"{', '.join(named)}; not used for 127.0.0.1")


def language(encoding: str, error: str) -> Finding:
    """Whether the locale is there, and shows more than ASCII.

    Args:
        error: what the system said when it was asked for it, or nothing.
    """
    about, advice = "locale", "Names and symbols may be shown wrongly: `export LC_ALL=C.UTF-8`."
    if error:
        return warn(about, f"the one that LANG or LC_ALL names is not installed ({error})", advice)
    if encoding.lower().replace("-", "") != "utf8":
        return warn(about, f"text is shown as {encoding}", advice)
    return ok(about, encoding)


def open_files(most: int) -> Finding:
    """How many files a process may open at most."""
    about = "open files"
    if most < FILES:
        return warn(
            about,
            f"{most} at most for a process",
            f"Under load the emulator needs more: `ulimit -Hn {FILES}` where limits are set.",
        )
    return ok(about, "as many as it takes" if most >= sys.maxsize else f"{most} at most")


def file_watchers(limits: Mapping[str, int]) -> Finding:
    """What Linux lets one user watch; empty elsewhere, where there is no such limit."""
    about = "file watchers"
    wanted = {"max_user_watches": WATCHES, "max_user_instances": WATCHERS}
    low = {name: least for name, least in wanted.items() if limits.get(name, least) < least}
    if low:
        said = ", ".join(f"fs.inotify.{name} is {limits[name]}" for name in low)
        parameters = " ".join(f"fs.inotify.{name}={least}" for name, least in low.items())
        return warn(
            about,
            said,
            f"What watches files may miss changes, in editors too: `sudo sysctl {parameters}`.",
        )
    return ok(about, "no limit is near" if limits else "this system sets no such limit")


def system(name: str, machine: str) -> Finding:
    """Whether it is one of those that are tested."""
    about, said = "system", f"{name} on {machine}"
    if name not in ("Linux", "Darwin"):
        return fail(
            about,
            f"{said} has no fork and no file locks",
            "On Windows, use the Subsystem for Linux (WSL 2) and clone inside of it.",
        )
    if machine not in ("x86_64", "aarch64", "arm64"):
        return warn(
            about,
            f"{said}: there may be no packages for this processor",
            "They are then compiled, which takes a C compiler and time.",
        )
    return ok(about, said)


def temporary_folder(error: str) -> Finding:
    """Where temporary files go, and whether they can."""
    about = "temporary files"
    if error:
        return fail(
            about,
            f"there is no folder for them ({error})",
            "Set TMPDIR to a folder that you may write to.",
        )
    return ok(about, tempfile.gettempdir())


def findings(
    environment: Mapping[str, str],
    *,
    checkout: Path,
    is_set_up: bool,
    installed: tuple[int, ...] | None,
    our_ports: Iterable[int],
) -> list[Finding]:
    """Look at this machine."""
    needed = ("venv", "ensurepip", "ssl", "zlib")
    own = set(our_ports)
    taken = [it for it in USUAL_PORTS if it not in own and not _can_listen(it)]
    return [
        system(platform.system(), platform.machine()),
        python(
            sys.version_info[:3],
            sys.executable,
            installed=installed,
            missing=[it for it in needed if importlib.util.find_spec(it) is None],
        ),
        disk(shutil.disk_usage(str(checkout)).free, is_set_up=is_set_up),
        memory(_available_memory()),
        ports(taken, loopback=_can_listen(0)),
        proxies(environment, _reaches, is_set_up=is_set_up),
        language(*_language()),
        temporary_folder(_temporary_folder()),
        open_files(_most_files()),
        file_watchers(_watchers()),
    ]


def _dotted(version: Iterable[int]) -> str:
    return ".".join(map(str, version))


def _can_listen(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _reaches(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True


def _language() -> tuple[str, str]:
    try:
        locale.setlocale(locale.LC_ALL, "")
    except locale.Error as error:
        return "", str(error)
    return locale.nl_langinfo(locale.CODESET) or "ASCII", ""


def _temporary_folder() -> str:
    try:
        with tempfile.TemporaryFile():
            return ""
    except OSError as error:
        return str(error)


def _most_files() -> int:
    import resource  # which no other system has

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if most == resource.RLIM_INFINITY else most


def _watchers() -> Mapping[str, int]:
    names = ("max_user_watches", "max_user_instances")
    return {it: int((_INOTIFY / it).read_text()) for it in names if (_INOTIFY / it).exists()}


def _available_memory() -> int | None:
    """What the system can give, or what is left of the container's limit."""
    found = []
    try:
        lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        found.append(int(lines["MemAvailable"].split()[0]) * 1024)
    except (OSError, KeyError, ValueError):
        return None
    try:
        group = Path("/sys/fs/cgroup")
        most = int((group / "memory.max").read_text())
        found.append(most - int((group / "memory.current").read_text()))
    except (OSError, ValueError):  # no container, or one without a limit
        pass
    return min(found)
