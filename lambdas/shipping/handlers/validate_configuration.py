"""AppConfig asks before it deploys: is this configuration of shipping one to work with?"""

from shared.runtime.configuration_validator import validator
from shipping.configuration import PROFILES

handler = validator(PROFILES)
