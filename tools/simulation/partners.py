"""What stands outside AWS or beside it: payment providers with books of their own, and secrets."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import urllib3

from tools.emulator.payment_provider.ledger import TRANSITIONS, WEEK, Authorization
from tools.local.invariants import ChargeRecord
from tools.simulation.seam import Call, Refusal
from tools.simulation.world import World

Json = dict[str, Any]


class Providers:
    """All payment providers, by host; their keys are rotated, and their answers get lost."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._books: dict[str, _Books] = {}
        self.keys: dict[str, list[str]] = {}

    def connection(self, **_options: Any) -> _Pool:
        """As ``urllib3.PoolManager`` is made."""
        return _Pool(self)

    def charges(self) -> Iterator[ChargeRecord]:
        """Every authorization that any of them made."""
        for books in self._books.values():
            for it in books.authorizations.values():
                books.expire(it)
                yield ChargeRecord(it.reference, it.status, it.amount, it.captured, it.refunded)

    def ask(self, url: str, headers: Mapping[str, str], body: bytes, seconds: float) -> _Answer:
        """One request; what may go wrong on the way does. Raises urllib3's errors."""
        world, dice = self._world, self._world.dice
        process = world.current
        assert process is not None
        world.calls += 1
        world.pause(world.random.uniform(0.02, 0.2))
        fault = dice.pick(("provider silent", "provider error", "provider answer lost"))
        host, path = str(urlsplit(url).hostname), urlsplit(url).path
        if fault == "provider silent":
            world.pause(seconds)
            raise urllib3.exceptions.ReadTimeoutError(None, url, "no answer")  # type: ignore[arg-type]
        if fault == "provider error":
            return _Answer(503, {"error": "out of order"})
        books = self._books.setdefault(host, _Books(world))
        key = headers["Authorization"].removeprefix("Bearer ")
        answer = books.answer(path, headers["Idempotency-Key"], json.loads(body))
        if key not in self.keys.get(host, [key]):
            answer = _Answer(401, {"error": "the key is not valid"})
        world.tell(process.name, host, path, body.decode(), "=>", answer.status, answer.data)
        if fault == "provider answer lost":
            world.tell(process.name, host, "FAULT", fault)
            world.pause(seconds)
            raise urllib3.exceptions.ReadTimeoutError(None, url, "no answer")  # type: ignore[arg-type]
        return answer


class _Answer:
    def __init__(self, status: int, body: Json) -> None:
        self.status = status
        self.data = json.dumps(body).encode()


class _Pool:
    def __init__(self, providers: Providers) -> None:
        self._providers = providers

    def request(
        self,
        _method: str,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        timeout: Any,
        **_options: Any,
    ) -> _Answer:
        """As urllib3's."""
        return self._providers.ask(url, headers, body, float(timeout.total))


class _Books:
    """One provider's: the same idempotency key gets the same answer."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.authorizations: dict[str, Authorization] = {}
        self._answers: dict[str, tuple[str, _Answer]] = {}

    def answer(self, path: str, idempotency_key: str, request: Json) -> _Answer:
        fingerprint = f"{path} {json.dumps(request, sort_keys=True)}"
        if idempotency_key in self._answers:
            before, answer = self._answers[idempotency_key]
            return answer if before == fingerprint else _Answer(422, {"error": "another request"})
        answer = self._work(path, request)
        self._answers[idempotency_key] = (fingerprint, answer)
        return answer

    def expire(self, it: Authorization) -> None:
        """A hold ends by itself."""
        ends = datetime.fromisoformat(it.expires_at).timestamp()
        if it.status == "authorized" and ends <= self._world.now:
            it.status = "expired"

    def _work(self, path: str, request: Json) -> _Answer:
        parts = path.split("/")
        if len(parts) == 3:
            return self._authorize(request)
        it = self.authorizations.get(parts[3])
        if it is None:
            return _Answer(404, {"error": "unknown"})
        self.expire(it)
        needed, following = TRANSITIONS[parts[4]]
        if it.status != needed:
            return _Answer(409, _document(it))
        it.status = following
        if parts[4] == "capture":
            it.captured = it.amount
        if parts[4] == "refund":
            it.refunded = it.captured
        return _Answer(200, _document(it))

    def _authorize(self, request: Json) -> _Answer:
        dice = self._world.dice
        if dice.throw("payment declined"):
            return _Answer(402, {"error": "declined", "reason": "insufficient-funds"})
        seconds = dice.between(5, 300) if dice.throw("hold short-lived") else WEEK
        ends = datetime.fromtimestamp(self._world.now + seconds, UTC)
        text = ends.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        its_id = f"auth_{uuid.uuid4().hex[:20]}"
        it = Authorization(id=its_id, expires_at=text, **request)
        self.authorizations[its_id] = it
        return _Answer(201, _document(it))


def _document(it: Authorization) -> Json:
    return {name: getattr(it, name) for name in Authorization.__dataclass_fields__}


class Secrets:
    """Secrets Manager: a version of each secret, replaced while requests are under way."""

    def __init__(self, world: World, providers: Providers, hosts: Mapping[str, str]) -> None:
        self._world = world
        self._providers = providers
        self._hosts = hosts
        self._current: dict[str, list[str]] = {}
        for host in hosts.values():
            providers.keys[host] = []

    def operations(self) -> dict[str, Call]:
        """By their names in the API."""
        return {"GetSecretValue": self._get}

    def _get(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        arn = asked["SecretId"]
        if arn not in self._hosts:
            raise Refusal("ResourceNotFoundException", arn)
        versions = self._current.setdefault(arn, [self._issue(arn)])
        stale = len(versions) > 1 and self._world.dice.throw("secret stale")
        key = versions[-2 if stale else -1]
        return {"VersionId": key, "SecretString": json.dumps({"api_key": key})}

    def rotate(self) -> None:
        """A provider's key is replaced; the one before the last is revoked."""
        for arn, versions in self._current.items():
            if self._world.dice.throw("secret rotated"):
                versions.append(self._issue(arn))
                del self._providers.keys[self._hosts[arn]][:-2]
                self._world.tell("secrets", "rotated", arn)

    def _issue(self, arn: str) -> str:
        key = uuid.uuid4().hex
        self._providers.keys[self._hosts[arn]].append(key)
        return key
