"""For operators: look at the records that order view could not apply, and apply them again."""

from order_views.handlers.projection import ORDER_VIEW
from shared.read_models import redrive

handler = redrive.handler_of(ORDER_VIEW)
