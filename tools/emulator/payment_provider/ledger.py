"""What the provider knows: keys, authorizations, and the answer that each idempotency key got."""

from __future__ import annotations

import json
import secrets
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tools.base.workspace import write_private

WEEK = 7 * 24 * 3600.0
# What an operation needs, and what it leads to.
TRANSITIONS = {
    "capture": ("authorized", "captured"),
    "void": ("authorized", "voided"),
    "refund": ("captured", "refunded"),
}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: Json


@dataclass(slots=True)
class Authorization:
    """One for each charge. Amounts are minor units; `captured` and `refunded` only ever grow."""

    id: str
    reference: str
    payer: str
    amount: int
    currency: str
    expires_at: str
    status: str = "authorized"
    captured: int = 0
    refunded: int = 0


@dataclass
class Ledger:
    """Every method may be called by any thread. With a `file` it survives a restart."""

    file: Path | None = None
    authorizations: dict[str, Authorization] = field(default_factory=dict)
    answers: dict[str, tuple[str, Answer]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    issued_at: dict[str, float] = field(default_factory=dict)
    declined: int = 0
    requests: dict[str, int] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @classmethod
    def opened(cls, file: Path | None) -> Ledger:
        """The ledger of that file, or an empty one."""
        ledger = cls(file)
        if file is not None and file.exists():
            kept = json.loads(file.read_text())
            ledger.authorizations = {it["id"]: Authorization(**it) for it in kept["authorizations"]}
            ledger.answers = {
                key: (fingerprint, Answer(**answer))
                for key, (fingerprint, answer) in kept["answers"].items()
            }
            ledger.keys = kept["keys"]
            ledger.issued_at = kept["issued_at"]
            ledger.declined = kept["declined"]
        return ledger

    def count_request(self, operation: str) -> None:
        """Count that it was asked, whatever comes of it."""
        with self._lock:
            self.requests[operation] = self.requests.get(operation, 0) + 1

    def once(self, idempotency_key: str, fingerprint: str, work: Callable[[], Answer]) -> Answer:
        """The answer that this key got before, or that of `work`; 422 for another request."""
        with self._lock:
            if idempotency_key in self.answers:
                before, answer = self.answers[idempotency_key]
                if before != fingerprint:
                    return Answer(422, {"error": "the idempotency key came with another request"})
                return answer
            answer = work()
            self.answers[idempotency_key] = (fingerprint, answer)
            self._save()
            return answer

    def authorize(self, request: Json, seconds: float, refusal: str | None) -> Answer:
        """Hold an amount for so many seconds, or decline."""
        if refusal is not None:
            self.declined += 1
            return Answer(402, {"error": "declined", "reason": refusal})
        expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
        authorization = Authorization(
            id=f"auth_{uuid.uuid4().hex[:20]}",
            reference=request["reference"],
            payer=request["payer"],
            amount=request["amount"],
            currency=request["currency"],
            expires_at=expires_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        )
        self.authorizations[authorization.id] = authorization
        return Answer(201, asdict(authorization))

    def change(self, operation: str, authorization: Authorization) -> Answer:
        """Capture, void or refund; 409 with the status if that is not possible any more."""
        needed, following = TRANSITIONS[operation]
        self._expire(authorization)
        if authorization.status != needed:
            return Answer(409, asdict(authorization))
        authorization.status = following
        if operation == "capture":
            authorization.captured = authorization.amount
        if operation == "refund":
            authorization.refunded = authorization.captured
        return Answer(200, asdict(authorization))

    def document(self) -> Json:
        """Every authorization that was ever made, for whoever adds the money up."""
        with self._lock:
            for authorization in self.authorizations.values():
                self._expire(authorization)
            return {
                "authorizations": [asdict(it) for it in self.authorizations.values()],
                "declined": self.declined,
                "requests": dict(self.requests),
            }

    def accepts(self, key: str) -> bool:
        """Whether the key is one of those that were issued and not revoked."""
        with self._lock:
            return any(secrets.compare_digest(key, known) for known in self.keys.values())

    def issue_key(self, key: str | None) -> Json:
        """Accept one more key beside the others: a new one, or the one given."""
        with self._lock:
            for key_id, known in self.keys.items():
                if known == key:
                    return {"id": key_id, "key": known}
            issued = {"id": uuid.uuid4().hex[:8], "key": key or secrets.token_urlsafe(30)}
            self.keys[issued["id"]] = issued["key"]
            self.issued_at[issued["id"]] = time.time()
            self._save()
            return issued

    def list_keys(self, key: str) -> Json:
        """The valid keys without themselves, and the id of this one."""
        with self._lock:
            return {
                "current": next(key_id for key_id, known in self.keys.items() if known == key),
                "keys": [{"id": it, "issued_at": self.issued_at[it]} for it in self.keys],
            }

    def revoke_key(self, key_id: str) -> bool:
        """Accept it no longer; false if there is none of this id."""
        with self._lock:
            known = self.keys.pop(key_id, None) is not None
            self._save()
            return known

    @staticmethod
    def _expire(authorization: Authorization) -> None:
        has_expired = datetime.fromisoformat(authorization.expires_at) <= datetime.now(UTC)
        if authorization.status == "authorized" and has_expired:
            authorization.status = "expired"

    def _save(self) -> None:
        if self.file is None:
            return
        kept = {
            "authorizations": [asdict(it) for it in self.authorizations.values()],
            "answers": {
                key: (fingerprint, asdict(answer))
                for key, (fingerprint, answer) in self.answers.items()
            },
            "keys": self.keys,
            "issued_at": self.issued_at,
            "declined": self.declined,
        }
        write_private(self.file, json.dumps(kept))
