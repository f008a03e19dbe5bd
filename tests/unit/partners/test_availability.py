"""What is on the shelf is said where inventory answers, and else is not known: never an error."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from partners import queries
from partners.handlers.requests import MOST_LINES, skus_in
from partners.ports import Silent
from shared.runtime.problems import Problem
from tests.support.containers import with_containers
from tools.base.workspace import CHECKOUT
from tools.containers import environment, proto

PROGRAM = """
import json, os
os.environ.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="s", AWS_SESSION_TOKEN="t")
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from partners.adapters.mesh_availability import signature
url = "https://inventory.example/v1/availability?skus=CUP%2CPOT"
headers = signature("", lambda: "eu-west-1")(url)
again = AWSRequest("GET", url, {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
again.context["timestamp"] = headers["X-Amz-Date"]
for name in ("X-Amz-Date", "X-Amz-Security-Token"):
    again.headers[name] = headers[name]
auth = SigV4Auth(Credentials("a", "s", "t"), "vpc-lattice-svcs", "eu-west-1")
text = auth.string_to_sign(again, auth.canonical_request(again))
right = headers["Authorization"].endswith(auth.signature(text, again))
print(json.dumps([headers, right, dict(signature("folder", lambda: "")(url))]))
"""


class Shelf:
    """Implements ``Shelves``; without articles it says nothing at all."""

    def __init__(self, **said: str) -> None:
        self._said = said

    async def availability(self, skus: Sequence[str]) -> Mapping[str, str]:
        if not self._said:
            raise Silent("inventory")
        return self._said


@pytest.mark.parametrize(
    ("shelf", "said"),
    [
        (Shelf(POT="few", CUP="plenty"), {"CUP": "plenty", "POT": "few"}),
        (Shelf(POT="few"), {"CUP": "unknown", "POT": "few"}),
        (Shelf(), {"CUP": "unknown", "POT": "unknown"}),
    ],
    ids=["both", "one is left out", "silence"],
)
def test_what_nobody_says_is_unknown(shelf: Shelf, said: dict[str, str]) -> None:
    asked = queries.availability_of(shelf, ["CUP", "POT"])
    with pytest.raises(StopIteration) as ended:
        asked.send(None)  # nobody waits for anything here: it needs no event loop
    found = ended.value.value
    assert list(found.items()) == list(said.items())


def test_a_list_of_articles_is_read_strictly() -> None:
    assert skus_in("CUP,POT,CUP") == ["CUP", "POT"]
    most = [f"S-{n}" for n in range(MOST_LINES)]
    assert skus_in(",".join(most)) == most
    for text in ("", ",", "CUP,", "CUP POT", "CUP\n", "C\u00dcP", "C" * 41, ",".join([*most, "S"])):
        with pytest.raises(Problem) as refused:
            skus_in(text)
        assert refused.value.status == 400


@with_containers
def test_a_call_has_a_signature_of_its_host_and_query_and_not_of_a_body() -> None:
    paths = (CHECKOUT / "lambdas", CHECKOUT / "containers", proto.generated())
    code = f"import sys; sys.path[:0] = {list(map(str, paths))}\n{PROGRAM}"
    headers, is_right, certified = json.loads(environment.run((environment.PYTHON, "-c", code)))
    assert headers["X-Amz-Content-SHA256"] == "UNSIGNED-PAYLOAD"
    assert "/eu-west-1/vpc-lattice-svcs/aws4_request" in headers["Authorization"]
    assert is_right
    assert certified == {}, "a certificate says enough"
