"""Keeps the spans that functions send, in place of X-Ray and its daemon."""

from tools.emulator.trace_receiver.process import TraceReceiver

__all__ = ["TraceReceiver"]
