"""For operators: a new generation of order view, built from the archive, step by step."""

from order_views.handlers.projection import ORDER_VIEW
from shared.read_models import rebuild

handler = rebuild.handler_of(ORDER_VIEW)
