"""Which addresses may be called: those of the public internet, and no way into a network of ours.

A partner names a host, and whoever has the host's name in DNS names addresses, other ones at each
question. So it is the address that is judged, each time, and the call goes to that very address.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

LONGEST = 512
PORT = 443
THIS_MACHINE = "localhost"
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{4,253}}\Z)({_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]")
_TARGET = re.compile(r"/[\x21\x24-\x7e]*|")
"""A path with its query: visible characters, without a quotation mark and a fragment."""
_TRANSLATED = tuple(
    IPv6Network(it) for it in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")
)
"""Addresses that lead to one of IPv4 within them: by NAT64, 6to4, Teredo, and as they once were."""

Address = IPv4Address | IPv6Address


class NotAllowed(Exception):
    """No webhook goes there; says why, and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """A URL in its parts; ``target`` is the path with its query."""

    host: str
    port: int
    target: str

    @property
    def is_this_machine(self) -> bool:
        """Whether it is one of those that run beside the emulator."""
        return self.host == THIS_MACHINE


def parse(url: str, *, loopback: bool = False) -> Receiver:
    """A receiver's URL. ``loopback`` allows https://localhost on any port, which AWS never has.

    Raises:
        NotAllowed: it is no https URL of a host by its name, on the usual port.
    """
    if len(url) > LONGEST or not url.isascii():
        raise NotAllowed(f"at most {LONGEST} characters of ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as malformed:
        raise NotAllowed("no URL") from malformed
    if not url.startswith("https://"):
        raise NotAllowed("it must begin with https://")
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    host = (parts.hostname or "").removesuffix(".")
    if "@" in parts.netloc or "\\" in url or "#" in url or not _TARGET.fullmatch(target):
        raise NotAllowed("no user, no fragment, and visible characters only")
    if loopback and host == THIS_MACHINE and port is not None:
        return Receiver(host, port, target or "/")
    if not _NAME.fullmatch(host):
        raise NotAllowed("the host must be a full name in DNS, and no address")
    if port not in (None, PORT):
        raise NotAllowed(f"the port must be {PORT}")
    return Receiver(host, PORT, target or "/")


def judged(texts: list[str], *, loopback: bool = False) -> list[str]:
    """The addresses of a host, as they may be called: those of IPv4 first.

    With ``loopback`` they must be of this machine, every one.

    Raises:
        NotAllowed: there is none, or one of them is not public. One is enough: a name that leads
            into a private network as well is none of a partner's.
    """
    found = [_address(it) for it in texts]
    if not found:
        raise NotAllowed("the host has no address")
    for address in found:
        if loopback and not address.is_loopback:
            raise NotAllowed("not an address of this machine")
        if not loopback and not is_public(address):
            raise NotAllowed("the host leads to an address that is not public")
    return [str(it) for it in sorted(found, key=lambda it: (it.version, int(it)))]


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet, as it stands and as routers may read it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.is_site_local or any(address in it for it in _TRANSLATED):
            return False
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_unspecified
    )


def _address(text: str) -> Address:
    """Without a zone, which names an interface of this machine."""
    try:
        return ip_address(text)
    except ValueError as malformed:
        raise NotAllowed("the host has no address") from malformed
