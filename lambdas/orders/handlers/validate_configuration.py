"""AppConfig asks: may this document of orders be deployed?"""

from orders.configuration import PROFILES
from shared.runtime.configuration_validator import validator

handler = validator(PROFILES)
