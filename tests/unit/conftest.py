"""Unit tests talk to nobody: a test that opens a socket fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.fakes.kept_spans import KeptSpans


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """Blocks sockets, so that a unit test cannot depend on a network without saying so."""


@pytest.fixture
def kept_spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[KeptSpans]:
    """Where the spans of a test go; before and after it, none wait."""
    from shared.runtime.tracing import spans, writer
    from tests.support.fakes.kept_spans import KeptSpans

    kept = KeptSpans()
    monkeypatch.setattr(writer, "chosen", lambda: kept)
    spans.take()
    yield kept
    spans.take()
