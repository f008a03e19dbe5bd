"""Keeps what stays on this machine away from proxies: they are other machines.

Package registries and accounts are still reached through the user's proxy.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

_VARIABLES = frozenset({"http_proxy", "https_proxy", "all_proxy", "ftp_proxy"})
_EXCEPTIONS = ("no_proxy", "NO_PROXY")
HERE = ("127.0.0.1", "localhost")
NONE: Mapping[str, str] = dict.fromkeys(_EXCEPTIONS, "*")
"""Variables for a process that has nothing to ask elsewhere.

They also keep macOS's own setting away, which Python reads where no variable says anything.
"""


def bypass(environment: MutableMapping[str, str]) -> None:
    """Add this machine to those that no proxy is asked for, if there is a proxy at all."""
    if not any(name.lower() in _VARIABLES and value for name, value in environment.items()):
        return
    named = [environment.get(it, "") for it in _EXCEPTIONS]
    if "*" in named:
        environment.update(NONE)
        return
    hosts = [host.strip() for hosts in named for host in hosts.split(",")]
    merged = ",".join(dict.fromkeys([*filter(None, hosts), *HERE]))
    environment.update(dict.fromkeys(_EXCEPTIONS, merged))


def without(environment: Mapping[str, str]) -> dict[str, str]:
    """The same variables, for a process that uses no proxy at all."""
    kept = {name: it for name, it in environment.items() if name.lower() not in _VARIABLES}
    return {**kept, **NONE}
