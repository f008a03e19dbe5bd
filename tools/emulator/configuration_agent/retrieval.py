"""What the agent knows of one configuration: the document, and the session that it came by."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A document as AppConfig gave it."""

    content: bytes
    content_type: str
    version: str | None


class NotDeployed(Exception):
    """AppConfig knows the configuration, and no version of it is deployed."""


@dataclass
class Retrieval:
    """One configuration of one environment, asked for again when it is older than `poll_seconds`.

    As with the real agent a document that is there is served on while AppConfig is not reachable.
    `client` is one of botocore's for `appconfigdata`.
    """

    client: Any
    application: str
    environment: str
    profile: str
    poll_seconds: float
    _retrieved: Retrieved | None = None
    _token: str | None = None
    _asked_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def latest(self) -> Retrieved:
        """The newest document.

        Raises:
            NotDeployed: there is none yet.
            botocore's errors: AppConfig refuses, or cannot be reached, and there is none yet.
        """
        with self._lock:
            if self._retrieved is None or time.monotonic() - self._asked_at >= self.poll_seconds:
                try:
                    self._poll()
                except Exception:
                    self._token = None  # a session ends with the emulator that gave it
                    if self._retrieved is None:
                        raise
            if self._retrieved is None:
                raise NotDeployed
            return self._retrieved

    def _poll(self) -> None:
        if self._token is None:
            session = self.client.start_configuration_session(
                ApplicationIdentifier=self.application,
                EnvironmentIdentifier=self.environment,
                ConfigurationProfileIdentifier=self.profile,
            )
            self._token = session["InitialConfigurationToken"]
        answer = self.client.get_latest_configuration(ConfigurationToken=self._token)
        self._token = answer["NextPollConfigurationToken"]
        self._asked_at = time.monotonic()
        # Empty means: what you have is the latest.
        if content := answer["Configuration"].read():
            self._retrieved = Retrieved(content, answer["ContentType"], answer.get("VersionLabel"))
