"""Two versions of a server behind one Envoy: their shares of the calls, and how each of them does.

Weights are written through Envoy's admin interface, as one runtime value. Envoy says OK to whatever
it is given and falls back on its default where it cannot read it, so each write is read back.
"""

import http.client
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

BLUE, GREEN = SLOTS = "blue", "green"
"""Each slot has a server of its own; a release puts its version into the one that gets no calls."""
STATUSES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND"),
    *("ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION"),
    *("ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"),
    "UNAUTHENTICATED",
)
"""By gRPC's numbers."""
SERVERS_FAULT = frozenset(
    {
        *("UNKNOWN", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "UNIMPLEMENTED"),
        *("INTERNAL", "UNAVAILABLE", "DATA_LOSS"),
    }
)
"""What a new version is judged by; what else is refused is the caller's own doing."""
MOST_BYTES = 4 * 1024 * 1024
Ask = Callable[[str, str], bytes]


class TrafficError(Exception):
    """Traffic cannot be seen or changed."""


class EnvoyUnreachable(TrafficError):
    """Envoy's admin interface does not answer, or answers something else."""


class WeightUnknown(TrafficError):
    """What is in force is no percentage: somebody else has written it."""


class WeightNotInForce(TrafficError):
    """Envoy said OK, and has something else in force."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One version since its Envoy began.

    ``calls`` are those that were sent to it; a repeated call counts each time. ``failures`` are by
    gRPC status, SERVERS_FAULT alone. ``latency`` is (upper bound in milliseconds, calls up to it).
    """

    calls: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    latency: tuple[tuple[float, int], ...] = ()

    @property
    def failed(self) -> int:
        """All of its failures."""
        return sum(self.failures.values())

    def since(self, before: "Figures") -> "Figures":
        """What has come to it since another reading."""
        earlier = dict(before.latency)
        return Figures(
            self.calls - before.calls,
            {
                status: more
                for status, count in self.failures.items()
                if (more := count - before.failures.get(status, 0))
            },
            tuple((bound, count - earlier.get(bound, 0)) for bound, count in self.latency),
        )

    def quantile(self, share: float) -> float | None:
        """Milliseconds that a share of the calls (0 to 1) has not exceeded; None without calls.

        Between two bounds of the histogram it is a straight line.
        """
        if not self.latency or not self.latency[-1][1]:
            return None
        wanted = share * self.latency[-1][1]
        for (low, below), (high, count) in pairwise(((0.0, 0), *self.latency)):
            if count >= wanted and count > below:
                return low + (high - low) * max(0.0, wanted - below) / (count - below)
        return self.latency[-1][0]


class Traffic:
    """``Traffic("http://127.0.0.1:9901").shift("green", 10)``.

    ``service`` is the prefix of clusters and of the runtime value; ``timeout`` is in seconds.
    ``ask`` makes a request (method, path) of the admin interface: tests give another one.
    """

    def __init__(
        self,
        admin_url: str,
        service: str = "pricing",
        *,
        timeout: float = 1.0,
        ask: Ask | None = None,
    ) -> None:
        self._key = f"{service}.green_percent"
        self._service = service
        self._ask = ask or _http(admin_url, timeout)

    def weights(self) -> dict[str, int]:
        """Percentages by slot, as they are in force. Raises EnvoyUnreachable, WeightUnknown."""
        entries = self._json("/runtime?format=json").get("entries", {})
        found = entries.get(self._key, {}).get("final_value", "0")
        if not re.fullmatch(r"\d{1,3}", found, re.ASCII) or int(found) > 100:
            raise WeightUnknown(f"{self._key} is {found[:40]!r}")
        return {BLUE: 100 - int(found), GREEN: int(found)}

    def shift(self, slot: str, percent: int) -> None:
        """Give a slot so many percent of the calls, and the other slot the rest.

        Raises:
            ValueError: there is no such slot, or it is no percentage.
            WeightNotInForce: Envoy has not taken it.
            EnvoyUnreachable: nobody knows whether it has.
        """
        if slot not in SLOTS or isinstance(percent, bool) or percent not in range(101):
            raise ValueError(f"no share of {percent!r} percent for {slot!r}")
        green = percent if slot == GREEN else 100 - percent
        self._ask("POST", f"/runtime_modify?{quote(self._key)}={green}")
        try:
            in_force = self.weights()[GREEN]
        except WeightUnknown as unknown:
            raise WeightNotInForce(str(unknown)) from unknown
        if in_force != green:
            raise WeightNotInForce(f"{self._key} is {in_force}, and {green} was written")

    def idle(self) -> str | None:
        """The slot that gets no calls; None while both get some. Raises as ``weights`` does."""
        weights = self.weights()
        return next((slot for slot in SLOTS if weights[slot] == 0), None)

    def healthy(self) -> dict[str, bool]:
        """By slot, whether Envoy's own checks find its server well. Raises EnvoyUnreachable."""
        stats, _ = self._stats(r"membership_healthy")
        return {slot: stats.get(f"{slot}.membership_healthy", 0) > 0 for slot in SLOTS}

    def proofs(self) -> dict[str, int]:
        """By slot, how many of Envoy's checks have found a server well since Envoy began.

        ``healthy`` alone may still be about the server that was in the slot before: Envoy believes
        in it until several checks have failed. Raises EnvoyUnreachable.
        """
        stats, _ = self._stats(r"health_check\.success")
        return {slot: stats.get(f"{slot}.health_check.success", 0) for slot in SLOTS}

    def figures(self) -> dict[str, Figures]:
        """By slot, since Envoy began; a second old at most. Raises EnvoyUnreachable."""
        stats, latency = self._stats(
            r"(grpc\..+\.\d+|upstream_rq_retry|upstream_rq_time|upstream_rq_total)"
        )
        return {slot: _figures(slot, stats, latency.get(slot, ())) for slot in SLOTS}

    def _stats(self, names: str) -> tuple[dict[str, int], dict[str, tuple[tuple[float, int], ...]]]:
        pattern = quote(rf"^cluster\.{self._service}_({'|'.join(SLOTS)})\.{names}$", safe="")
        found = self._json(f"/stats?format=json&histogram_buckets=cumulative&filter={pattern}")
        begin = f"cluster.{self._service}_"
        counters: dict[str, int] = {}
        latency: dict[str, tuple[tuple[float, int], ...]] = {}
        for stat in found.get("stats", ()):
            if "value" in stat:
                counters[stat["name"].removeprefix(begin)] = stat["value"]
            for histogram in stat.get("histograms", ()):
                slot = histogram["name"].removeprefix(begin).partition(".")[0]
                latency[slot] = tuple(
                    (float(it["upper_bound"]), int(it["cumulative"]))
                    for it in histogram.get("buckets", ())
                )
        return counters, latency

    def _json(self, path: str) -> dict[str, Any]:
        try:
            found = msgspec.json.decode(self._ask("GET", path))
        except msgspec.DecodeError as error:
            raise EnvoyUnreachable(f"no JSON at {path.partition('?')[0]}") from error
        if not isinstance(found, dict):
            raise EnvoyUnreachable(f"no object at {path.partition('?')[0]}")
        return found


def _figures(
    slot: str, stats: Mapping[str, int], latency: tuple[tuple[float, int], ...]
) -> Figures:
    failures: dict[str, int] = {}
    for name, count in stats.items():
        number = name.rpartition(".")[2]
        if not name.startswith(f"{slot}.grpc.") or not number.isdigit():
            continue
        status = STATUSES[int(number)] if int(number) < len(STATUSES) else "UNKNOWN"
        if status in SERVERS_FAULT and count:
            failures[status] = failures.get(status, 0) + count
    # Envoy repeats what was UNAVAILABLE, or got no answer, and counts the last try by its status.
    if repeated := stats.get(f"{slot}.upstream_rq_retry", 0):
        failures["UNAVAILABLE"] = failures.get("UNAVAILABLE", 0) + repeated
    return Figures(stats.get(f"{slot}.upstream_rq_total", 0), failures, latency)


def _http(admin_url: str, timeout: float) -> Ask:
    address = urlsplit(admin_url)

    def ask(method: str, path: str) -> bytes:
        connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=timeout
        )
        try:
            connection.request(method, path, headers={"Content-Length": "0"})
            answer = connection.getresponse()
            content = answer.read(MOST_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise EnvoyUnreachable(type(error).__name__) from error
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise EnvoyUnreachable(f"status {answer.status} at {path.partition('?')[0]}")
        return content

    return ask
