"""For operators that only look: what orders is told while it runs, and how that stands."""

from orders.configuration import PROFILES
from shared.runtime.configuration_shown import shown

handler = shown(PROFILES)
