"""For operators that only look: how far sales is, and what it has parked."""

from sales.handlers.projection import SALES
from shared.read_models import show

handler = show.handler_of(SALES)
