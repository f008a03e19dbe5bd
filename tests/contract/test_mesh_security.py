"""Between processes of the mesh: who has no certificate of ours, or another's, gets no answer.

Each Envoy is real, and made as offline deployments make it; behind it stands a function that says
what it was asked.
"""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from shared.runtime.api import Response
from shared.runtime.lattice import Request, endpoint
from stacks.constructs.envoy import Certificates, Listener, Server, Sidecar, sidecar
from stacks.constructs.envoy_filters import CALLER, TRUST_DOMAIN
from tests.support.containers import with_containers
from tests.support.drivers.offline import eventually
from tools.base.endpoint import ACCOUNT
from tools.containers import environment, proto
from tools.emulator.loopback_guard import HOST
from tools.emulator.mesh.gate import gate
from tools.emulator.mesh.relay import relay
from tools.emulator.mesh.system import PARTNERS, PATH, ROLES
from tools.emulator.ports import free_port, listens
from tools.emulator.pricing.envoy import CALLERS, SERVICE

pytestmark = with_containers
CERTIFIED = {
    "partners": PARTNERS,
    "quote": f"spiffe://{TRUST_DOMAIN}/quote",
    # Of our own authority, and yet another name.
    "stranger": "spiffe://elsewhere.example/partners",
    "longer": f"{PARTNERS}/admin",
}
ASKED = f"{PATH}?skus=CUP"


@endpoint(PATH, lambda: f"arn:aws:iam::{ACCOUNT}:role/{ROLES[PARTNERS]}")
def function(request: Request) -> Response:
    """What stands for the deployed one."""
    return Response(200, dict(request.query))


@dataclass
class Mesh:
    """Ports by what listens there, certificates of two authorities, and the events so far."""

    ports: dict[str, int]
    ours: Path
    others: Path
    events: list[dict[str, Any]] = field(default_factory=list)

    def call(
        self,
        caller: str | None,
        port: str = "gate",
        *,
        folder: Path | None = None,
        method: str = "GET",
        path: str = ASKED,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Status and document. Raises OSError: there is no connection, or none that lasts."""
        context = ssl.create_default_context(cafile=str(self.ours / "authority.pem"))
        if caller:
            own = (folder or self.ours) / caller
            context.load_cert_chain(own.with_suffix(".pem"), own.with_suffix(".key"))
        connection = http.client.HTTPSConnection(
            HOST, self.ports[port], timeout=20, context=context
        )
        return _said(connection, method, path, headers or {})


def _said(
    connection: http.client.HTTPConnection, method: str, path: str, headers: Mapping[str, str]
) -> tuple[int, Any]:
    try:
        connection.request(method, path, headers=dict(headers))
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text[:1] == b"{" else text
    except http.client.HTTPException as ended:
        raise ConnectionError(str(ended)) from ended
    finally:
        connection.close()


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    root = tmp_path_factory.mktemp("mesh")
    for name in ("ours", "others"):
        (root / name).mkdir()
        ids = [f"{caller}={spiffe_id}" for caller, spiffe_id in CERTIFIED.items()]
        module = "tools.emulator.pricing.certificates"
        environment.run((environment.PYTHON, "-m", module, root / name, *ids))
    ports = {name: free_port() for name in ("gate", "pricing", "health", "admin")}
    made = Mesh(ports, root / "ours", root / "others")

    def invoke(event: dict[str, Any]) -> Mapping[str, Any]:
        made.events.append(event)
        return function(event, None)

    server = relay(0, invoke, ROLES)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    ports["relay"] = server.server_port
    names = ("envoy.pem", "envoy.key", "authority.pem")
    files = Certificates(*(str(made.ours / it) for it in names))
    configurations = {
        "gate": gate(
            port=ports["gate"],
            relay=ports["relay"],
            certificates=files,
            callers=[PARTNERS],
            path=PATH,
        ),
        "pricing": sidecar(
            Sidecar(
                service=SERVICE,
                prefix="pricing",
                listeners=(Listener(ports["pricing"], certificates=files),),
                servers=[Server(free_port())],
                callers=CALLERS,
                address=HOST,
                health_port=ports["health"],
                admin_port=ports["admin"],
                descriptor=str(proto.generated() / proto.DESCRIPTOR),
                log=str(root / "calls.log"),
            )
        ),
    }
    running = []
    for name, configuration in configurations.items():
        file = root / f"{name}.json"
        file.write_text(json.dumps(configuration), "utf-8")
        options = ("--use-dynamic-base-id", "--concurrency", "1", "--log-level", "error")
        running.append(subprocess.Popen([environment.ENVOY, "-c", file, *options]))
    try:
        eventually(lambda: listens(ports["gate"]) and listens(ports["pricing"]))
        yield made
    finally:
        for process in running:
            process.kill()
            process.wait()
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_function_learns_who_has_the_certificate_as_lattice_would_say_it(mesh: Mesh) -> None:
    forged = {CALLER: "spiffe://elsewhere.example/admin", "x-amzn-lattice-identity": "Principal=x"}
    assert mesh.call("partners", headers=forged) == (200, {"skus": "CUP"})
    event = mesh.events[-1]
    assert event["requestContext"]["identity"] == {
        "sourceVpcArn": event["requestContext"]["identity"]["sourceVpcArn"],
        "type": "AWS_IAM",
        "principal": f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLES[PARTNERS]}/partners",
        "sessionName": "partners",
    }
    assert (event["path"], event["queryStringParameters"]) == (PATH, {"skus": ["CUP"]})


@pytest.mark.parametrize("caller", ["quote", "stranger", "longer"])
def test_a_certificate_with_another_identity_is_refused(mesh: Mesh, caller: str) -> None:
    seen = len(mesh.events)
    assert mesh.call(caller)[0] == 403
    assert len(mesh.events) == seen, "the function is not asked"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/other"),
        ("GET", f"{PATH}/"),
        ("GET", "/v1/availability/../other"),
        ("GET", "/v1%2favailability"),
        ("POST", PATH),
        ("DELETE", PATH),
    ],
)
def test_a_caller_may_do_what_is_named_and_nothing_else(mesh: Mesh, method: str, path: str) -> None:
    seen = len(mesh.events)
    assert mesh.call("partners", method=method, path=path)[0] in (400, 403)
    assert len(mesh.events) == seen


def ended(mesh: Mesh, call: Callable[[], object]) -> None:
    """Whoever is called ends the connection, asks nobody, and serves others on."""
    seen = len(mesh.events)
    with pytest.raises((ssl.SSLError, ConnectionError)) as refused:
        call()
    assert not isinstance(refused.value, (ConnectionRefusedError, ssl.SSLCertVerificationError))
    assert len(mesh.events) == seen
    assert mesh.call("partners")[0] == 200


@pytest.mark.parametrize("port", ["gate", "pricing"])
def test_without_a_certificate_there_is_no_connection(mesh: Mesh, port: str) -> None:
    ended(mesh, lambda: mesh.call(None, port))


@pytest.mark.parametrize("port", ["gate", "pricing"])
def test_a_certificate_of_another_authority_is_none(mesh: Mesh, port: str) -> None:
    ended(mesh, lambda: mesh.call("partners", port, folder=mesh.others))


@pytest.mark.parametrize("port", ["gate", "pricing"])
def test_plain_http_is_not_answered(mesh: Mesh, port: str) -> None:
    connection = http.client.HTTPConnection(HOST, mesh.ports[port], timeout=20)
    ended(mesh, lambda: _said(connection, "GET", ASKED, {}))


@pytest.mark.parametrize("port", ["gate", "pricing"])
def test_who_is_called_shows_a_certificate_of_our_authority(mesh: Mesh, port: str) -> None:
    others = Mesh(mesh.ports, mesh.others, mesh.others)
    with pytest.raises(ssl.SSLCertVerificationError):
        others.call("partners", port)


def test_pricing_knows_its_callers_by_certificate_alone(mesh: Mesh) -> None:
    def quoted(caller: str) -> int:
        return mesh.call(caller, "pricing", method="POST", path="/v1/quotes")[0]

    assert quoted("stranger") == 403
    assert quoted("longer") == 403
    assert quoted("partners") not in (401, 403), "it is let through to a server that is not there"


def test_who_comes_past_the_gate_has_signed_nothing(mesh: Mesh) -> None:
    connection = http.client.HTTPConnection(HOST, mesh.ports["relay"], timeout=20)
    assert _said(connection, "GET", ASKED, {})[0] == 403


@pytest.mark.parametrize("answer", [{}, {"statusCode": "x", "body": "", "headers": {}}])
def test_a_function_that_answers_nothing_right_is_a_bad_gateway(answer: dict[str, Any]) -> None:
    server = relay(0, lambda _event: answer, ROLES)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        connection = http.client.HTTPConnection(HOST, server.server_port, timeout=20)
        assert _said(connection, "GET", ASKED, {})[0] == 502
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
