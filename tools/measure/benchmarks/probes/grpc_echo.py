"""A bare `grpc.aio` server on the port that is named: it answers with what it was asked."""

import asyncio
import sys

import grpc


async def _echo(request: bytes, _context: grpc.aio.ServicerContext) -> bytes:
    return request


async def main(port: int) -> None:
    """Serve until the process ends."""
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    method = {"Quote": grpc.unary_unary_rpc_method_handler(_echo)}
    service = grpc.method_handlers_generic_handler("shop.pricing.v1.PricingService", method)
    server.add_generic_rpc_handlers((service,))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
