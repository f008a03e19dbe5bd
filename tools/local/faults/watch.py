"""Looks at the system while somebody looks at the screen: the books, and what faults really do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from tools.local import books
from tools.local.faults.books_light import BooksLight, Reading
from tools.local.faults.cards import Card
from tools.local.faults.deployed import Deployed
from tools.local.faults.desk import Desk

WANTED_SECONDS = 10.0
"""How long after a question it goes on looking."""
PAUSE_SECONDS = 2.0
SHARE = 4
"""A reading that takes a second is followed by a pause of so many."""


class Watch:
    """One thread that reads; ``reading`` and ``effects`` are what it found last."""

    def __init__(self, deployed: Deployed, desk: Desk, cards: Mapping[str, Card]) -> None:
        self._deployed = deployed
        self._desk = desk
        self._cards = cards
        self._light = BooksLight()
        self._wanted_at = 0.0
        self._wanted = threading.Event()
        self.reading: Reading | None = None
        self.problem: str | None = None
        """Why the books could not be read last."""
        self.effects: dict[str, str] = {}
        threading.Thread(target=self._watch, daemon=True).start()

    def want(self) -> None:
        """Somebody looks."""
        self._wanted_at = time.monotonic()
        self._wanted.set()

    def _watch(self) -> None:
        while True:
            self._wanted.wait()
            if time.monotonic() - self._wanted_at > WANTED_SECONDS:
                self._wanted.clear()
                continue
            begun = time.monotonic()
            self._read_effects()
            self._read_books()
            time.sleep(max(PAUSE_SECONDS, SHARE * (time.monotonic() - begun)))

    def _read_effects(self) -> None:
        for name in self._cards.keys() & self._desk.active.keys():
            self.effects[name] = _said(self._cards[name].fault.effect)

    def _read_books(self) -> None:
        begun, at = time.monotonic(), time.time()
        try:
            # The sagas first: one that ends meanwhile is then still counted as under way.
            running = _running_sagas(self._deployed)
            records = books.read(
                self._deployed.outputs, self._deployed.cloud, self._deployed.providers
            )
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}"
            return
        self.problem = None
        self.reading = self._light.judge(records, running, at, time.monotonic() - begun)


def _said(effect: Callable[[], str]) -> str:
    try:
        return effect()
    except Exception as error:
        return f"its effect cannot be read now: {type(error).__name__}"


def _running_sagas(deployed: Deployed) -> set[str]:
    pages = (
        deployed.cloud.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=deployed.named("fulfilment", "tables", "Sagas"),
            FilterExpression="part = :saga AND #state = :running",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":saga": {"S": "saga"}, ":running": {"S": "running"}},
            ConsistentRead=True,
        )
    )
    return {item["order_id"]["S"] for page in pages for item in page["Items"]}
