"""A read model in a dictionary: what the queries are tested against."""

from collections.abc import Iterable, Sequence

from order_views.domain.order_view import OrderView


class InMemoryOrderViews:
    """Implements ``order_views.ports.OrderViews``."""

    def __init__(self, views: Iterable[OrderView] = ()) -> None:
        self._views = {view.order_id: view for view in views}

    def get(self, order_id: str) -> OrderView | None:
        """One order, if the view has it."""
        return self._views.get(order_id)

    def of_customer(
        self, customer_id: str, limit: int, after: OrderView | None
    ) -> Sequence[OrderView]:
        """A customer's orders, newest first, after the one given."""
        newest_first = sorted(self._views.values(), key=_place, reverse=True)
        return [
            view
            for view in newest_first
            if view.customer_id == customer_id and (after is None or _place(view) < _place(after))
        ][:limit]


def _place(view: OrderView) -> tuple[str, str]:
    return view.placed_at, view.order_id
