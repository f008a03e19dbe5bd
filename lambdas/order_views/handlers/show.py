"""For operators that only look: how far order view is, and what it has parked."""

from order_views.handlers.projection import ORDER_VIEW
from shared.read_models import show

handler = show.handler_of(ORDER_VIEW)
