"""AppConfig asks before it deploys: is this configuration of pricing one to work with?"""

from pricing.configuration import PROFILES
from shared.runtime.configuration_validator import validator

handler = validator(PROFILES)
