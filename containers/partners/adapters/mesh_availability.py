"""What is on the shelf, from inventory's function: through VPC Lattice, or by mutual TLS."""

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

import httpx
import msgspec
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from partners.adapters.breaker import Breaker
from partners.adapters.journeys import calling
from partners.ports import Silent
from shared.runtime import aws, log

SIGNED_FOR = "vpc-lattice-svcs"
UNSIGNED = "UNSIGNED-PAYLOAD"
"""Lattice does not look at bodies, and takes no signature of them."""
PATH = "/v1/availability"
LARGEST = 64 * 1024
"""Bytes of an answer that are read."""
Sign = Callable[[str], Mapping[str, str]]


class _Item(msgspec.Struct, frozen=True):
    sku: str
    availability: str


class _Found(msgspec.Struct, frozen=True):
    items: tuple[_Item, ...]


class MeshAvailability:
    """Implements ``partners.ports.Shelves``. ``sign`` gives the headers of a call of a URL."""

    def __init__(
        self, host: str, http: httpx.AsyncClient, sign: Sign, breaker: Breaker, seconds: float
    ) -> None:
        self._url = f"https://{host}{PATH}"
        self._http = http
        self._sign = sign
        self._breaker = breaker
        self._seconds = seconds

    async def availability(self, skus: Sequence[str]) -> Mapping[str, str]:
        """See ``Shelves``."""
        found = await self._breaker.call(lambda: self._ask(skus), self._seconds)
        return {it.sku: it.availability for it in found.items}

    async def _ask(self, skus: Sequence[str]) -> _Found:
        """One refusal says as little as silence: whoever is asked errs, or we do."""
        url = f"{self._url}?{urlencode({'skus': ','.join(skus)})}"
        who = self._breaker.who
        signed = await asyncio.to_thread(self._sign, url)  # credentials may have to be fetched
        with calling(f"GET at {who}", {"http.request.method": "GET"}) as trace:
            try:
                async with self._http.stream("GET", url, headers={**signed, **trace}) as given:
                    content = bytearray()
                    async for part in given.aiter_bytes():
                        content += part
                        if len(content) > LARGEST:
                            raise Silent(who)
                if given.status_code == 200:
                    return msgspec.json.decode(bytes(content), type=_Found)
            except (httpx.HTTPError, msgspec.DecodeError) as failure:
                raise Silent(who) from failure
        log.error("availability is refused", who=who, status=given.status_code)
        raise Silent(who)


def connection_to(certificates: str) -> httpx.AsyncClient:
    """For calls in the mesh; ``certificates`` is a folder, or empty for Lattice."""
    verify: ssl.SSLContext | bool = True
    if certificates:
        folder = Path(certificates)
        verify = ssl.create_default_context(cafile=str(folder / "authority.pem"))
        verify.load_cert_chain(folder / "partners.pem", folder / "partners.key")
    return httpx.AsyncClient(verify=verify, trust_env=False)


def signature(certificates: str, region: Callable[[], str]) -> Sign:
    """Signs method, host and query for IAM (Signature Version 4); a certificate needs none."""
    if certificates:
        return lambda _url: {}

    def sign(url: str) -> Mapping[str, str]:
        request = AWSRequest("GET", url, {"X-Amz-Content-SHA256": UNSIGNED})
        SigV4Auth(aws.credentials(), SIGNED_FOR, region()).add_auth(request)
        return dict(request.headers.items())

    return sign
