"""For operators: a new generation of sales, built from the archive, step by step."""

from sales.handlers.projection import SALES
from shared.read_models import rebuild

handler = rebuild.handler_of(SALES)
