"""The way out for spans: a port, and which of its adapters the environment asks for."""

import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from shared.runtime import log
from shared.runtime.environment import load
from shared.runtime.tracing.otlp import Value
from shared.runtime.tracing.spans import Span


class WriterEnvironment(msgspec.Struct, frozen=True):
    """Which way spans take; where neither variable is set, nobody wants them.

    ``otel_exporter_otlp_traces_endpoint`` is a URL that takes OTLP over HTTP. Else they go to the
    X-Ray daemon, whose address Lambda itself gives to every function that is traced.
    """

    metric_namespace: str = ""
    service: str = "unknown"
    aws_lambda_function_name: str = ""
    aws_region: str = ""
    aws_xray_daemon_address: str = ""
    otel_exporter_otlp_traces_endpoint: str = ""


if TYPE_CHECKING:
    from typing import Protocol

    class SpanWriter(Protocol):
        """Sends spans to where they are kept."""

        def write(self, spans: Sequence[Span]) -> int:
            """Send these; answers with how many could not be sent. Raises nothing."""


def write(spans: Sequence[Span], lost: int = 0) -> None:
    """Send spans of an invocation that has ended; what is lost is counted, and nothing else."""
    writer = chosen()
    if writer is None:
        return
    lost += writer.write(spans)
    if lost:
        log.metric("SpansLost", lost)


@cache
def chosen() -> "SpanWriter | None":
    """The adapter that the environment asks for."""
    environment = load(WriterEnvironment)
    about = resource(environment)
    if endpoint := environment.otel_exporter_otlp_traces_endpoint:
        from shared.runtime.tracing.otlp_http import OtlpHttp

        return OtlpHttp(endpoint, about, environment.aws_region)
    if address := environment.aws_xray_daemon_address:
        from shared.runtime.tracing.xray_daemon import XRayDaemon

        return XRayDaemon(address, about)
    return None


def resource(environment: WriterEnvironment) -> Mapping[str, Value]:
    """What all spans of this process have in common, in OpenTelemetry's words."""
    product, _, name = environment.metric_namespace.partition("/")
    found: dict[str, Value] = {
        "service.name": environment.service,
        "service.namespace": product.lower(),
        "deployment.environment.name": name,
        "cloud.provider": "aws",
        "cloud.platform": "aws_lambda",
        "cloud.region": environment.aws_region,
        "faas.name": environment.aws_lambda_function_name,
        "faas.instance": os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", ""),
    }
    return {key: value for key, value in found.items() if value}
