"""What is counted of orders: log lines as CloudWatch bills them."""

import pytest

from tools.measure.costs.orders import LOG_LINE_BYTES, log_bytes

OURS = '{"level":"INFO"}'
LINES = ["START RequestId: 1 Version: $LATEST", OURS, "END RequestId: 1", "REPORT RequestId: 1"]


@pytest.mark.parametrize(
    ("told_by_lambda", "billed"), [(True, LINES), (False, [OURS])], ids=["all", "ours alone"]
)
def test_lambdas_own_lines_are_billed_where_it_writes_them(
    told_by_lambda: bool, billed: list[str]
) -> None:
    expected = sum(len(it) + LOG_LINE_BYTES for it in billed)
    assert log_bytes(LINES, told_by_lambda=told_by_lambda) == expected
