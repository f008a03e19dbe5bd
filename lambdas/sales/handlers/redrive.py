"""For operators: look at the records that sales could not apply, and apply them again."""

from sales.handlers.projection import SALES
from shared.read_models import redrive

handler = redrive.handler_of(SALES)
