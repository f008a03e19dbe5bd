"""A server in pricing's place that answers by another contract: `other_pricing.py FOLDER PORT HOW`.

It runs with the container tools' Python. ``newer``: answers have fields that nobody knows yet;
``other``: the method is called otherwise now; ``garbage``: answers are no messages. With a number
for HOW the real pricing answers, at that port of this machine, and is told no trace.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

METHOD = "/shop.pricing.v1.PricingService/Quote"
NEXT = "/shop.pricing.v2.PricingService/Offer"
QUOTE = b"quote-of-a-newer-pricing"
KNOWN = b"\x0a" + bytes([len(QUOTE)]) + QUOTE + b"\x18\xe7\x07" + b"\x22\x03EUR"
"""``quote``, ``total`` and ``currency``, as the wire has them."""
UNKNOWN = b"\xc0\x3e\x01" + b"\xca\x3e\x03new" + b"\xd3\x3e\x08\x01\xd4\x3e"
"""A number, a text and a group, in fields 1000 to 1002."""
ANSWERS = {"newer": KNOWN + UNKNOWN, "other": KNOWN, "garbage": b"\xff\xff\xff"}


class Service(grpc.GenericRpcHandler):  # type: ignore[misc]
    """One method; requests and answers are bytes."""

    def __init__(self, how: str) -> None:
        self._how = how

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """What answers a call, if anything does."""
        if details.method != (NEXT if self._how == "other" else METHOD):
            return None
        return grpc.unary_unary_rpc_method_handler(lambda _request, _context: ANSWERS[self._how])


class Passing(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Passes calls on as partners, without their metadata: so without their trace."""

    def __init__(self, folder: Path, port: int) -> None:
        own = grpc.ssl_channel_credentials(
            (folder / "authority.pem").read_bytes(),
            private_key=(folder / "partners.key").read_bytes(),
            certificate_chain=(folder / "partners.pem").read_bytes(),
        )
        self._channel = grpc.secure_channel(f"127.0.0.1:{port}", own)

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        """The same method at pricing."""
        method = self._channel.unary_unary(details.method)
        return grpc.unary_unary_rpc_method_handler(lambda request, _context: method(request))


def main(folder: Path, port: int, how: str) -> None:
    """Serve until the process is ended."""
    handler = Passing(folder, int(how)) if how.isdigit() else Service(how)
    server = grpc.server(ThreadPoolExecutor(4), handlers=[handler])
    pair = ((folder / "envoy.key").read_bytes(), (folder / "envoy.pem").read_bytes())
    authority = (folder / "authority.pem").read_bytes()
    server.add_secure_port(
        f"127.0.0.1:{port}",
        grpc.ssl_server_credentials([pair], authority, require_client_auth=True),
    )
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
