"""One call of Quote by gRPC; the container tools' Python runs it, as the others have no gRPC.

`python -m tools.quote.call_by_grpc ADDRESS IDENTITY REQUEST`: the request is the message as JSON.
What comes back is one line of JSON: ``{"status", "response"}`` or ``{"status", "message",
"fields"}``.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict, Parse
from google.rpc.error_details_pb2 import BadRequest
from google.rpc.status_pb2 import Status
from shop.pricing.v1 import pricing_pb2, pricing_pb2_grpc

SECONDS = 5.0
DETAILS = "grpc-status-details-bin"


def main(address: str, identity: str, request: str) -> None:
    """Ask once, and print what is answered."""
    asked = Parse(request, pricing_pb2.QuoteRequest())
    metadata = (("x-amzn-lattice-identity", identity),)
    with grpc.insecure_channel(address, (("grpc.enable_http_proxy", 0),)) as channel:
        stub = pricing_pb2_grpc.PricingServiceStub(channel)
        try:
            answer = stub.Quote(asked, metadata=metadata, timeout=SECONDS)
        except grpc.RpcError as refusal:
            found = _refused(refusal)
        else:
            quoted = MessageToDict(answer, preserving_proto_field_name=True)
            found = {"status": "OK", "response": quoted}
    sys.stdout.write(f"{json.dumps(found)}\n")


def _refused(refusal: Any) -> dict[str, Any]:
    """The status, and which field is wrong in which way, if the server said so."""
    trailers = dict(refusal.trailing_metadata() or ())
    fields = []
    for detail in Status.FromString(trailers.get(DETAILS, b"")).details:
        wrong = BadRequest()
        if detail.Unpack(wrong):
            fields += [[it.field, it.description] for it in wrong.field_violations]
    return {"status": refusal.code().name, "message": refusal.details(), "fields": fields}


if __name__ == "__main__":
    main(*sys.argv[1:])
