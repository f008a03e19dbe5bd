"""AppConfig asks before it deploys: is this configuration of payments one to work with?"""

from payments.configuration import PROFILES
from shared.runtime.configuration_validator import validator

handler = validator(PROFILES)
