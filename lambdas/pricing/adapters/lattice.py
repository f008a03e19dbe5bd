"""Pricing through the service network, where IAM looks at the signature of each request."""

from collections.abc import Mapping
from typing import Any

import msgspec

# botocore brings it and has loaded it already: it costs no cold start of its own.
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from pricing.ports import PricingUnavailable, Refused
from shared.runtime import aws
from shared.runtime.tracing import spans

SIGNED_FOR = "vpc-lattice-svcs"
UNSIGNED = "UNSIGNED-PAYLOAD"
"""Lattice refuses a signature of the body: what keeps it as it is on the way is TLS."""
PATH = "/v1/quotes"
SECONDS = 3.0
LARGEST = 256 * 1024
"""Bytes of an answer that are read."""


class PricingThroughLattice:
    """Implements ``pricing.ports.Pricing``. ``host`` is a name without scheme and path."""

    def __init__(
        self, host: str, region: str, connections: urllib3.PoolManager | None = None
    ) -> None:
        self._url = f"https://{host}{PATH}"
        self._region = region
        self._connections = connections or urllib3.PoolManager(retries=False)

    def quote(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Post it once: who asks may ask again. Raises Refused, PricingUnavailable."""
        body = msgspec.json.encode(request)
        try:
            with spans.calling("quote at pricing", {"http.request.method": "POST"}) as span:
                answer = self._connections.request(
                    "POST",
                    self._url,
                    body=body,
                    headers=self._signed(body),
                    redirect=False,
                    preload_content=False,
                    timeout=urllib3.Timeout(total=SECONDS),
                )
                content = answer.read(LARGEST + 1)
                answer.release_conn()
                if span is not None:
                    span.attributes["http.response.status_code"] = answer.status
        except urllib3.exceptions.HTTPError as failure:
            raise PricingUnavailable(type(failure).__name__) from failure
        document = _read(content, answer.status)
        if answer.status == 200:
            return document
        if answer.status >= 500 or answer.status == 429:
            raise PricingUnavailable(f"status {answer.status}")
        raise Refused(document)

    def _signed(self, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", **spans.headers()}
        headers["X-Amz-Content-SHA256"] = UNSIGNED
        request = AWSRequest("POST", self._url, headers=headers, data=body)
        SigV4Auth(aws.credentials(), SIGNED_FOR, self._region).add_auth(request)
        return dict(request.headers.items())


def _read(content: bytes, status: int) -> dict[str, Any]:
    if len(content) > LARGEST:
        raise PricingUnavailable(f"an answer of more than {LARGEST} bytes")
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.DecodeError as malformed:
        raise PricingUnavailable(f"status {status} with no JSON object") from malformed
