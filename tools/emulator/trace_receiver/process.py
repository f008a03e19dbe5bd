"""Starts and stops the receiver of a workspace, and asks it for spans."""

from __future__ import annotations

import http.client
from collections.abc import Sequence

import msgspec

from tools.base.errors import OfflineError
from tools.base.records import read_record
from tools.base.workspace import Workspace
from tools.emulator.loopback_guard import HOST
from tools.emulator.side_process import SideProcess
from tools.emulator.trace_receiver.edges import Counted
from tools.emulator.trace_receiver.spans import ReceivedSpan

USUAL_PORT = 4640
MOST_TRACES = 100
"""Asked for at once."""


class TraceReceiverError(OfflineError):
    """The receiver of spans does not answer."""


class _Answer(msgspec.Struct):
    spans: list[ReceivedSpan]


class _Edges(msgspec.Struct):
    edges: list[Counted]


class TraceReceiver(SideProcess):
    """The receiver of one workspace: ``TraceReceiver(workspace).start()``.

    Functions know the port of its datagrams from the emulator, which chose it when it started.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(
            workspace,
            module="tools.emulator.trace_receiver",
            record=workspace.trace_receiver_record,
            usual_port=USUAL_PORT,
        )

    @property
    def datagram_port(self) -> int:
        """Where functions send spans.

        Raises:
            TraceReceiverError: no emulator was started here.
        """
        try:
            return read_record(self.workspace.emulator_record)["spans"]
        except KeyError as error:
            raise TraceReceiverError(
                "nothing runs here that sends spans: `make down`, then `make up`"
            ) from error

    def start(self, *, until_gone: int | None = None) -> None:
        """Start it, unless it is running already.

        Raises:
            SideProcessError: it did not start.
            TraceReceiverError: no emulator was started here.
        """
        if not self.is_running():
            self.launch("--datagrams", str(self.datagram_port), until_gone=until_gone)

    def spans_of(self, trace_ids: Sequence[str]) -> list[ReceivedSpan]:
        """The spans of these traces and of those that link to them.

        Raises:
            TraceReceiverError: it does not answer.
        """
        asked = ",".join(dict.fromkeys(trace_ids[:MOST_TRACES]))
        return msgspec.json.decode(self._get(f"/traces/{asked}"), type=_Answer).spans

    def spans_of_journey(self, correlation_id: str) -> list[ReceivedSpan]:
        """The spans of a journey's messages, whatever their trace. Raises TraceReceiverError."""
        return msgspec.json.decode(self._get(f"/journeys/{correlation_id}"), type=_Answer).spans

    def edges(self) -> list[Counted]:
        """Which service had to do with which, of all kept spans. Raises TraceReceiverError."""
        return msgspec.json.decode(self._get("/edges"), type=_Edges).edges

    def counts(self) -> dict[str, int]:
        """``{traces, spans, received, unreadable, forgotten}``. Raises TraceReceiverError."""
        return msgspec.json.decode(self._get("/counts"), type=dict[str, int])

    def _get(self, path: str) -> bytes:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            content = response.read()
        except OSError as error:
            raise TraceReceiverError("the receiver of spans does not answer: `make up`") from error
        finally:
            connection.close()
        if response.status != 200:
            raise TraceReceiverError(f"GET {path}: {response.status}")
        return content
