"""Items of a table's stream that cannot be read or sent: what becomes of them, which is parking."""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from shared.messaging.bus import Park
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope

PARKED_BY = "announcer"


def parked_unread(dead_letters: DeadLetters) -> Callable[[dict[str, Any], Exception], None]:
    """Parks the keys of an item that cannot be read; the item itself stays in its table."""

    def park(keys: dict[str, Any], broken: Exception) -> None:
        reason = f"unreadable item: {type(broken).__name__}"
        dead_letters.park(msgspec.json.encode(keys).decode(), reason, PARKED_BY)

    return park


def unsendable(dead_letters: DeadLetters) -> Park:
    """Parks the name of a message that the bus will never take; its item stays in its table."""

    def park(message: Envelope, reason: str) -> None:
        name = {"type": message.type, "aggregate_id": message.aggregate_id}
        dead_letters.park(json.dumps(name), f"cannot be sent: {reason}", PARKED_BY)

    return park
