"""What the service is told by its environment variables."""

from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(gt=0, le=30)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class ServiceEnvironment(msgspec.Struct, frozen=True):
    """Where it listens, whom it calls, and how long it waits for each of them.

    ``machine_client_file`` is a file with the machine client: its id, its secret, where tokens are
    to be had, and the key of its usage plans. With ``mesh_certificates``, a folder, pricing and
    availability are called by mutual TLS; else through VPC Lattice, with signed calls.
    """

    machine_client_file: str
    orders_url: str
    order_views_url: str
    customers_url: str
    webhooks_url: str
    pricing_host: str
    availability_host: str
    mesh_certificates: str = ""
    host: str = "0.0.0.0"  # noqa: S104 - the pod's own network interface
    port: Port = 8080
    grpc_port: Port = 50051
    quote_seconds: Seconds = 0.8
    availability_seconds: Seconds = 1.5
    """A function may start cold."""
    token_seconds: Seconds = 1.5
    call_seconds: Seconds = 3.0
    request_seconds: Seconds = 4.5
    """For a whole request: less than the gateway waits, so that the refusal is ours."""
    health_interval_seconds: Annotated[float, msgspec.Meta(gt=0, le=60)] = 5.0
    """How often those who send requests look at the health: the drain waits for two looks."""
