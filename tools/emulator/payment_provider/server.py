"""The provider's HTTP interface: /v1 for its customers, /_faults, /_ledger and /_keys for tests."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

from tools.emulator.loopback_guard import GuardedHandler, GuardedServer
from tools.emulator.payment_provider.faults import Fault, Faults, InvalidFault
from tools.emulator.payment_provider.ledger import WEEK, Answer, Authorization, Json, Ledger
from tools.emulator.payment_provider.own_spans import OwnSpans

_CHANGE = re.compile(r"/v1/authorizations/([^/]+)/(capture|void|refund)")
_FAULT = re.compile(r"/_faults/([^/]+)")
_KEY = re.compile(r"/(?:v1/|_)keys(?:/([^/]+))?")
_FORM = {"reference": str, "payer": str, "amount": int, "currency": str}


class Provider(GuardedServer):
    """A provider with its ledger and the faults that were ordered."""

    control = ("/_",)  # under /v1 its customers send what they like, with their key

    def __init__(self, port: int, ledger: Ledger, spans: OwnSpans | None = None) -> None:
        super().__init__(port, _Handler)
        self.ledger = ledger
        self.spans = spans or OwnSpans()
        self.faults = Faults()


class _Handler(GuardedHandler):
    server: Provider

    def do_GET(self) -> None:
        """What is in force, and what happened."""
        self._answer_with(self._get)

    def do_POST(self) -> None:
        """Operations on money, faults and keys."""
        self._answer_with(self._post)

    def do_DELETE(self) -> None:
        """Faults and keys go away."""
        self._answer_with(self._delete)

    def _answer_with(self, work: Callable[[], Answer | None]) -> None:
        """Send the answer; None closes the connection without one."""
        self._body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        unknown = not self.path.startswith("/_") and not self._has_key()
        answer = Answer(401, {"error": "the key is not valid"}) if unknown else work()
        if answer is None:
            self.close_connection = True
            return
        content = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _get(self) -> Answer:
        if self.path == "/_ledger":
            return Answer(200, self.server.ledger.document())
        if self.path == "/_faults":
            return Answer(200, {"rules": self.server.faults.document()})
        if self.path == "/v1/keys":
            return Answer(200, self.server.ledger.list_keys(self._key))
        if self._is_about_keys():
            return Answer(200, {"keys": sorted(self.server.ledger.keys)})
        return self._not_found()

    def _post(self) -> Answer | None:
        try:
            request = json.loads(self._body or b"{}")
        except ValueError:
            return Answer(400, {"error": "the body is not JSON"})
        if self.path == "/_faults":
            try:
                self.server.faults.add(Fault.of(request))
            except InvalidFault as invalid:
                return Answer(400, {"error": str(invalid)})
            return Answer(201, {"rules": self.server.faults.document()})
        if self.path == "/v1/keys":
            return self._issue_key()
        if self._is_about_keys():
            return Answer(201, self.server.ledger.issue_key(request.get("key")))
        if self.path == "/v1/authorizations":
            return self._authorize(request)
        if change := _CHANGE.fullmatch(self.path):
            return self._change(change[1], change[2])
        return self._not_found()

    def _delete(self) -> Answer:
        if self.path == "/_faults":
            self.server.faults.clear()
            return Answer(200, {"rules": []})
        if named := _FAULT.fullmatch(self.path):
            self.server.faults.remove(named[1])
            return Answer(200, {"rules": self.server.faults.document()})
        key = _KEY.fullmatch(self.path)
        if key and key[1] and self.server.ledger.revoke_key(key[1]):
            return Answer(200, {})
        return self._not_found()

    def _issue_key(self) -> Answer:
        """One more key; the same one for the same idempotency key."""
        idempotency_key = self.headers.get("Idempotency-Key")
        if not idempotency_key:
            return Answer(400, {"error": "an Idempotency-Key is needed"})
        ledger = self.server.ledger
        return ledger.once(
            f"keys {idempotency_key}", "keys", lambda: Answer(201, ledger.issue_key(None))
        )

    def _authorize(self, request: Json) -> Answer | None:
        if wrong := [name for name, kind in _FORM.items() if type(request.get(name)) is not kind]:
            return Answer(400, {"error": f"missing or malformed: {', '.join(wrong)}"})
        if request["amount"] < 1:
            return Answer(400, {"error": "the amount must be positive"})

        def work(fault: Fault | None) -> Answer:
            kind = fault.kind if fault else None
            return self.server.ledger.authorize(
                request,
                seconds=fault.seconds if fault and kind == "short-lived" else WEEK,
                refusal=fault.reason if fault and kind == "decline" else None,
            )

        return self._perform("authorize", request["reference"], request["amount"], work)

    def _change(self, authorization_id: str, operation: str) -> Answer | None:
        authorization: Authorization | None = self.server.ledger.authorizations.get(
            authorization_id
        )
        if authorization is None:
            return self._not_found()
        known = authorization

        def work(_: Fault | None) -> Answer:
            return self.server.ledger.change(operation, known)

        return self._perform(operation, known.reference, known.amount, work)

    def _perform(
        self, operation: str, reference: str, amount: int, work: Callable[[Fault | None], Answer]
    ) -> Answer | None:
        idempotency_key = self.headers.get("Idempotency-Key")
        if not idempotency_key:
            return Answer(400, {"error": "an Idempotency-Key is needed"})
        self.server.ledger.count_request(operation)
        fault = self.server.faults.next(operation, reference, amount)
        if fault and fault.kind == "untraced":
            del self.headers["traceparent"]
        with self.server.spans.answering(operation, self.headers.get("traceparent")):
            return self._perform_with(fault, idempotency_key, work)

    def _perform_with(
        self, fault: Fault | None, idempotency_key: str, work: Callable[[Fault | None], Answer]
    ) -> Answer | None:
        if fault and fault.kind in ("latency", "timeout"):
            time.sleep(fault.seconds)
        if fault and fault.kind == "timeout":
            return None
        if fault and fault.kind == "error":
            return Answer(fault.status, {"error": "out of order"})
        fingerprint = f"{self.path} {self._body.decode(errors='replace')}"
        answer = self.server.ledger.once(idempotency_key, fingerprint, lambda: work(fault))
        return None if fault and fault.kind == "lost-answer" else answer

    @property
    def _key(self) -> str:
        scheme, _, key = (self.headers.get("Authorization") or "").partition(" ")
        return key if scheme == "Bearer" else ""

    def _has_key(self) -> bool:
        return self.server.ledger.accepts(self._key)

    def _is_about_keys(self) -> bool:
        return _KEY.fullmatch(self.path) is not None

    def _not_found(self) -> Answer:
        return Answer(404, {"error": "there is no such thing"})
