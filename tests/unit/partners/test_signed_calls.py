"""Calls of pricing are signed for VPC Lattice as botocore itself signs them."""

from __future__ import annotations

import json

from tests.support.containers import with_containers
from tools.base.workspace import CHECKOUT
from tools.containers import environment, proto

PROGRAM = """
import json, os
os.environ.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="s", AWS_SESSION_TOKEN="t")
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from partners.adapters.grpc_pricing import Signing, signature
found = []
class Context:
    service_url, method_name = "https://pricing.example/shop.pricing.v1.PricingService", "Quote"
signing = Signing(signature("pricing.example", "eu-west-1"))
signing(Context(), lambda headers, error: found.append((dict(headers), error and repr(error))))
headers, error = found[0]
again = AWSRequest("POST", "https://pricing.example/shop.pricing.v1.PricingService/Quote")
again.context["timestamp"] = headers["x-amz-date"]
for name in ("x-amz-content-sha256", "x-amz-date", "x-amz-security-token"):
    again.headers[name] = headers[name]
auth = SigV4Auth(Credentials("a", "s", "t"), "vpc-lattice-svcs", "eu-west-1")
text = auth.string_to_sign(again, auth.canonical_request(again))
expected = auth.signature(text, again)
print(json.dumps([headers, error, headers["authorization"].endswith(expected)]))
"""


@with_containers
def test_a_call_has_a_signature_of_its_method_and_host() -> None:
    paths = (CHECKOUT / "lambdas", CHECKOUT / "containers", proto.generated())
    code = f"import sys; sys.path[:0] = {list(map(str, paths))}\n{PROGRAM}"
    headers, error, is_right = json.loads(environment.run((environment.PYTHON, "-c", code)))
    assert error is None
    assert headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert "/eu-west-1/vpc-lattice-svcs/aws4_request" in headers["authorization"]
    assert "host;" in headers["authorization"]
    assert is_right
