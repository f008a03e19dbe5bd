"""Calls Quote of a port for some seconds, so many at once: calls a second, failures, latencies.

`python grpc_load.py PORT SECONDS AT_ONCE`; one line of JSON.
"""

import asyncio
import json
import sys
import time

import grpc
from shop.pricing.v1 import pricing_pb2 as messages

METHOD = "/shop.pricing.v1.PricingService/Quote"
METADATA = (
    ("x-amzn-lattice-identity", "Principal=arn:aws:iam::123456789012:role/partners"),
    ("x-caller-identity", "partners"),
)
REQUEST = messages.QuoteRequest(
    customer_id="0d9a5a10-6f0a-4e57-9f1d-4f3a54d9c001",
    lines=[messages.Line(sku="TEA-SENCHA", quantity=2)],
    currency="EUR",
).SerializeToString()


async def main(port: int, seconds: float, at_once: int) -> None:
    """Print `{"calls", "rate", "failed", "p50", "p99"}`: calls a second, milliseconds."""
    taken: list[float] = []
    failed = 0
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary(METHOD)
        await call(REQUEST, metadata=METADATA)
        begun = time.perf_counter()

        async def caller() -> None:
            nonlocal failed
            while (sent := time.perf_counter()) < begun + seconds:
                try:
                    await call(REQUEST, metadata=METADATA)
                except grpc.RpcError:
                    failed += 1
                taken.append(time.perf_counter() - sent)

        await asyncio.gather(*(caller() for _ in range(at_once)))
        elapsed = time.perf_counter() - begun
    taken.sort()
    print(
        json.dumps(
            {
                "calls": len(taken),
                "rate": len(taken) / elapsed,
                "failed": failed,
                "p50": taken[len(taken) // 2] * 1000,
                "p99": taken[len(taken) * 99 // 100] * 1000,
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
