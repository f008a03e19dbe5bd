"""The way to AWS: one botocore client for each service and process, made on first use.

botocore itself, not boto3 on top of it: a cold start pays for every import, and handlers need none
of boto3's resources. Parameters are not validated again by the client, since the code that builds
them is typed and tested; the service validates them anyway.
"""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session


class _Models(Loader):
    """botocore's service models, without a look into all of its four hundred folders."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: set[str] = set()

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - botocore's
        """Those asked for; botocore raises DataNotFoundError for one that it has not."""
        return sorted(self.wanted)


_models = _Models()
_session = Session()
_session.register_component("data_loader", _models)
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
    return _create(service, _config)


@cache
def patient_client(service: str, read_timeout: float) -> Any:
    """The same for calls that take their time: one answer may take ``read_timeout`` seconds."""
    return _create(service, _config.merge(Config(read_timeout=read_timeout)))


def _create(service: str, config: Config) -> Any:
    _models.wanted.add(service)
    return _session.create_client(service, config=config)
