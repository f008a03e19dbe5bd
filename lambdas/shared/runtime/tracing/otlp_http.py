"""Spans over HTTP, to X-Ray's own OTLP endpoint or to any collector.

An invocation waits for the answer, since Lambda stops a process that has answered: this way costs
more than the daemon's, and is there for what the daemon cannot do.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

# botocore brings it and has loaded it already: it costs no cold start of its own.
import urllib3

from shared.runtime.tracing import otlp
from shared.runtime.tracing.otlp import Value, requests
from shared.runtime.tracing.spans import Span

MOST_BYTES = 1024 * 1024
TIMEOUT = 0.5
"""Seconds that one request may take, connection included."""
PAUSE = 30.0
"""Seconds after a failure in which nothing is sent: an outage of tracing is none of orders."""
Sign = Callable[[str, bytes, Mapping[str, str]], Mapping[str, str]]


class OtlpHttp:
    """``endpoint`` is a URL. What goes to AWS is signed; ``region`` is where."""

    def __init__(
        self,
        endpoint: str,
        resource: Mapping[str, Value],
        region: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoint = endpoint
        self._about = otlp.resource(resource)
        self._sign = _signer(endpoint, region)
        self._monotonic = monotonic
        self._connections = urllib3.PoolManager(retries=False)
        self._silent_until = float("-inf")

    def write(self, spans: Sequence[Span]) -> int:
        """Send them; answers with how many could not be sent, those of a pause included."""
        if self._monotonic() < self._silent_until:
            return len(spans)
        try:
            for request in requests(spans, self._about, MOST_BYTES):
                self._post(request)
        except (urllib3.exceptions.HTTPError, ConnectionError):
            self._silent_until = self._monotonic() + PAUSE
            return len(spans)
        return 0

    def _post(self, content: bytes) -> None:
        headers = self._sign(self._endpoint, content, {"Content-Type": "application/x-protobuf"})
        answer = self._connections.request(
            "POST",
            self._endpoint,
            body=content,
            headers=dict(headers),
            redirect=False,
            timeout=urllib3.Timeout(total=TIMEOUT),
        )
        if answer.status >= 300:
            raise ConnectionError(f"status {answer.status}")


def _signer(endpoint: str, region: str) -> Sign:
    if ".amazonaws." not in endpoint:
        return lambda _url, _content, headers: headers

    def sign(url: str, content: bytes, headers: Mapping[str, str]) -> Mapping[str, str]:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        from shared.runtime.aws import credentials

        request: Any = AWSRequest("POST", url, dict(headers), content)
        SigV4Auth(credentials(), "xray", region).add_auth(request)
        return dict(request.headers)

    return sign
