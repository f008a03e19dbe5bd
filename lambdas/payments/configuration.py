"""What payments can be told while it runs: see config/{environment}/payments.json."""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec

from payments.adapters.http_provider import LONGEST_PAUSE, TRIES
from shared.runtime.configuration import Profile, Violation

WORKER_SECONDS = 30
"""The timeout of the queue's worker, and how many commands it gets at a time: as deployed."""
BATCH_SIZE = 5
STEP_DEADLINE_SECONDS = 120
"""How long the saga waits for a step in the environment where it waits the shortest."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers that are tuned while payments runs."""

    provider_timeout_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=60)] = 2.0
    """For how many seconds a request to a payment provider may take."""


class PaymentFailover(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether new payments begin with the backup provider."""

    enabled: bool = False


class Flags(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """Switches."""

    payment_failover: PaymentFailover = PaymentFailover()
    """On: new payments begin with the backup. Older payments stay with their provider."""


def _patience_that_ends_in_time(document: Settings) -> Iterable[Violation]:
    """A worker cut off by its timeout, or a saga that gave up, would undo what was only slow."""
    one_command = TRIES * document.provider_timeout_seconds + (TRIES - 1) * LONGEST_PAUSE
    tries = f"{TRIES} tries of it with a pause"
    if BATCH_SIZE * one_command > WORKER_SECONDS:
        yield Violation(
            "/provider_timeout_seconds",
            f"{tries}, {BATCH_SIZE} times over, end within the worker's {WORKER_SECONDS} s",
            document.provider_timeout_seconds,
        )
    if one_command > STEP_DEADLINE_SECONDS:
        yield Violation(
            "/provider_timeout_seconds",
            f"{tries} end within the saga's deadline of a step, {STEP_DEADLINE_SECONDS} s",
            document.provider_timeout_seconds,
        )


SETTINGS = Profile("settings", Settings, _patience_that_ends_in_time)
FLAGS = Profile("flags", Flags)
PROFILES: tuple[Profile[Any], ...] = (SETTINGS, FLAGS)
