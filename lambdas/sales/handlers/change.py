"""For operators: a new generation of sales, back to the one before, or the end of one."""

from sales.handlers.projection import SALES
from shared.read_models import change

handler = change.handler_of(SALES)
