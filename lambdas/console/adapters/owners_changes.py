"""What the changes of operators have in common: an owner that looks, and one that changes."""

from collections.abc import Callable, Sequence

from console.adapters.published_reads import ServiceCard
from console.domain.plan import NoSuchTarget
from console.ports import Functions


class OwnersChange:
    """``looks`` ask owners' functions that only look, ``changes`` those that operators change
    something with.
    """

    def __init__(
        self,
        looks: Functions,
        changes: Functions,
        cards: Callable[[], Sequence[ServiceCard]],
    ) -> None:
        self._looks = looks
        self._changes = changes
        self._cards = cards

    def _card(self, kind: str, target: str, nobody: NoSuchTarget) -> ServiceCard:
        """The card of who has the target, and a function that cards list under ``kind`` for it.

        Raises:
            NoSuchTarget: the one given, if nobody has.
        """
        for card in self._cards():
            if target in card.show and target in card.change.get(kind, {}):
                return card
        raise nobody
