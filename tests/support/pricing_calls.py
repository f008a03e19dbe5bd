"""A gRPC client that knows the server by reflection or by its proto; the container tools run it.

`python tests/support/pricing_calls.py ADDRESS [CERTIFICATES CALLER]`: one call of JSON a line on
its standard input, one answer of JSON a line on its standard output.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import chain
from pathlib import Path
from threading import Event
from typing import Any

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from google.rpc.status_pb2 import Status
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from shop.pricing.v1 import pricing_pb2 as messages

NAME = "shop.pricing.v1.PricingService"
REQUESTS = {"Quote": messages.QuoteRequest, "WatchPrices": messages.WatchPricesRequest}
RESPONSES = {"Quote": messages.QuoteResponse, "WatchPrices": messages.WatchPricesResponse}


def channel_to(address: str, folder: str | None, caller: str | None) -> grpc.Channel:
    options = [("grpc.max_receive_message_length", 16 * 1024 * 1024)]
    if folder is None:
        return grpc.insecure_channel(address, options)
    files = Path(folder)
    own = (
        {}
        if caller is None
        else {
            "private_key": (files / f"{caller}.key").read_bytes(),
            "certificate_chain": (files / f"{caller}.pem").read_bytes(),
        }
    )
    roots = (files / "authority.pem").read_bytes()
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(roots, **own), options)


def answer(channel: grpc.Channel, call: dict[str, Any]) -> dict[str, Any]:
    if call["method"] == "reflect":
        return reflected(channel)
    if call["method"] == "hold":
        return held(channel, call)
    method, raw = call["method"], call.get("raw")
    path = f"/{NAME}/{method}"
    request = (
        bytes.fromhex(raw)
        if raw
        else ParseDict(call["request"], REQUESTS[method]()).SerializeToString()
    )
    request += unknown_field(call.get("more", 0))
    options = {
        "metadata": tuple(call.get("metadata", {}).items()),
        "timeout": call.get("timeout", 10),
        "compression": grpc.Compression.Gzip if call.get("gzip") else None,
    }
    decode = RESPONSES[method].FromString
    try:
        if unending := call.get("unending"):  # after the message, or before it, nothing comes
            never = Event()
            sent = [request] if unending == "after" else []
            messages_of_it = chain(sent, (never.wait() or b"" for _ in range(1)))
            channel.stream_unary(path, None, decode)(messages_of_it, **options)
            return {"status": "OK"}
        if method == "Quote":
            found, made = channel.unary_unary(path, None, decode).with_call(request, **options)
            return {
                "status": "OK",
                "response": as_json(found),
                "metadata": dict(made.initial_metadata()),
            }
        stream = channel.unary_stream(path, None, decode)(request, **options)
        seen = []
        for response in stream:
            seen.append(as_json(response))
            if len(seen) == call.get("take"):
                stream.cancel()
                break
        return {"status": "OK", "response": seen}
    except grpc.RpcError as refusal:
        return refused(refusal)


def held(channel: grpc.Channel, call: dict[str, Any]) -> dict[str, Any]:
    """So many streams of prices, of which each was begun and none is read on, and then a quote."""
    metadata = tuple(call["metadata"].items())
    watch = channel.unary_stream(f"/{NAME}/WatchPrices", None, RESPONSES["WatchPrices"].FromString)
    asked = messages.WatchPricesRequest(currency="EUR").SerializeToString()
    streams = [watch(asked, metadata=metadata) for _ in range(call["streams"])]
    for stream in streams:
        next(stream)
    quote = channel.unary_unary(f"/{NAME}/Quote", None, RESPONSES["Quote"].FromString)
    request = ParseDict(call["request"], messages.QuoteRequest()).SerializeToString()
    try:
        quote(request, metadata=metadata, timeout=5)
        until = time.monotonic() + call.get("seconds", 0)
        while time.monotonic() < until:
            quote(request, metadata=metadata, timeout=5)
            time.sleep(0.05)  # some twenty calls a second, and not as many as go
    except grpc.RpcError as refusal:
        return refused(refusal)
    finally:
        for stream in streams:
            stream.cancel()
    return {"status": "OK", "streams": len(streams)}


def unknown_field(size: int) -> bytes:
    """A field that no message here has (number 15, bytes): `size` zeros, none for 0."""
    if not size:
        return b""
    length, digits = size, bytearray()
    while length > 127:
        digits.append(length & 127 | 128)
        length >>= 7
    return b"\x7a" + bytes(digits) + bytes([length]) + bytes(size)


def refused(refusal: Any) -> dict[str, Any]:
    trailers = dict(refusal.trailing_metadata() or ())
    details = Status.FromString(trailers.get("grpc-status-details-bin", b"")).details
    return {
        "status": refusal.code().name,
        "message": refusal.details(),
        "details": [it.type_url.rpartition(".")[2] for it in details],
    }


def reflected(channel: grpc.Channel) -> dict[str, Any]:
    """What any client can learn without the proto, and a request that is made of that."""
    database = ProtoReflectionDescriptorDatabase(channel)
    try:
        services = sorted(database.get_services())
        pool = DescriptorPool(database)
        method = pool.FindServiceByName(NAME).methods_by_name["Quote"]
        fields = [it.name for it in GetMessageClass(method.input_type).DESCRIPTOR.fields]
    except (grpc.RpcError, KeyError) as error:
        status = error.code().name if isinstance(error, grpc.RpcError) else type(error).__name__
        return {"status": status}
    return {"status": "OK", "services": services, "fields": fields}


def as_json(message: Any) -> dict[str, Any]:
    found: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    return found


def main(address: str, folder: str | None = None, caller: str | None = None) -> None:
    with channel_to(address, folder, caller) as channel:
        for line in sys.stdin:
            print(json.dumps(answer(channel, json.loads(line))), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
