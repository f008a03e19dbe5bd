"""Everything that a DynamoDB query finds: one page ends at 1 MB, however much there is."""

from collections.abc import Iterator
from typing import Any

Item = dict[str, Any]


def every_item(client: Any, **request: Any) -> Iterator[Item]:
    """The items of all pages, each page read when it is come to.

    ``client`` is a botocore DynamoDB client, ``request`` what its ``query`` takes.
    """
    while True:
        answer = client.query(**request)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
