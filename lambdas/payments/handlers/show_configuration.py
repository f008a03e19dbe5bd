"""For operators that only look: what payments is told while it runs, and how that stands."""

from payments.configuration import PROFILES
from shared.runtime.configuration_shown import shown

handler = shown(PROFILES)
