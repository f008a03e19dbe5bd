"""The way to AWS: one botocore client for each service and process, made on first use.

botocore itself, not boto3 on top of it: a cold start pays for every import, and handlers need none
of boto3's resources. Parameters are not validated again by the client, since the code that builds
them is typed and tested; the service validates them anyway.
"""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import Session

_session = Session()
_config = Config(
    parameter_validation=False,
    user_agent="parcelworks",  # else botocore composes one twice for each call: a fifth of its time
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 4},
)


@cache
def client(service: str) -> Any:
    """The client of an AWS service, such as ``client("dynamodb")``."""
    return _session.create_client(service, config=_config)


@cache
def patient_client(service: str, read_timeout: float) -> Any:
    """The same for calls that take their time: one answer may take ``read_timeout`` seconds."""
    return _session.create_client(service, config=_config.merge(Config(read_timeout=read_timeout)))
