"""For operators that only look: what shipping is told while it runs, and how that stands."""

from shared.runtime.configuration_shown import shown
from shipping.configuration import PROFILES

handler = shown(PROFILES)
