"""For operators that only look: what pricing is told while it runs, and how that stands."""

from pricing.configuration import PROFILES
from shared.runtime.configuration_shown import shown

handler = shown(PROFILES)
