"""For operators: a new generation of order view, back to the one before, or the end of one."""

from order_views.handlers.projection import ORDER_VIEW
from shared.read_models import change

handler = change.handler_of(ORDER_VIEW)
