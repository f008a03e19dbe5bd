"""Callers of the offline system, without whom no release is promoted."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tools.base.endpoint import ACCOUNT

AT_ONCE = 4
SECONDS = 5.0
REQUEST = json.dumps(
    {
        "customer_id": "somebody",
        "currency": "EUR",
        "lines": [{"sku": "TEA-SENCHA", "quantity": 2}],
    }
).encode()
HEADERS = {
    "Content-Type": "application/json",
    "x-amzn-lattice-identity": f"Principal=arn:aws:iam::{ACCOUNT}:role/partners;SessionName=load",
}
"""As Lattice says who has signed a call."""


class Callers:
    """Ask for quotes at a rate; ``answers`` counts them by status, 0 for none."""

    def __init__(self, url: str, rate: float) -> None:
        self._address = urlsplit(url)
        self._pause = AT_ONCE / rate
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._call, daemon=True) for _ in range(AT_ONCE)]
        self.answers: Counter[int] = Counter()

    @contextmanager
    def calling(self) -> Iterator[Callers]:
        """Until the block is left."""
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join(SECONDS + 1)

    @property
    def failed(self) -> int:
        """Answers that were none, or a failure of the server's."""
        return sum(count for status, count in self.answers.items() if not 0 < status < 500)

    def _call(self) -> None:
        connection = self._connect()
        due = time.monotonic()
        while not self._over.is_set():
            try:
                connection.request("POST", "/v1/quotes", body=REQUEST, headers=HEADERS)
                answer = connection.getresponse()
                answer.read()
                self.answers[answer.status] += 1
            except (OSError, http.client.HTTPException):
                self.answers[0] += 1
                connection.close()
                connection = self._connect()
            due = max(due + self._pause, time.monotonic() - 1)
            self._over.wait(max(0.0, due - time.monotonic()))
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(
            self._address.hostname or "", self._address.port, timeout=SECONDS
        )
