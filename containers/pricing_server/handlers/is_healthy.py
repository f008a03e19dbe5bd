"""`python -m pricing_server.handlers.is_healthy`: exit status 0 while this task's server serves."""

import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from pricing_server.environment import PortEnvironment
from shared.runtime.environment import load

PATIENCE_SECONDS = 2.0


def main() -> int:
    """0 for SERVING, 1 for anything else."""
    port = load(PortEnvironment).port
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(), timeout=PATIENCE_SECONDS
            )
        except grpc.RpcError:
            return 1
    return 0 if answer.status == health_pb2.HealthCheckResponse.SERVING else 1


if __name__ == "__main__":
    sys.exit(main())
