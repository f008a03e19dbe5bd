"""Who asks, as the login's access token says."""

from dataclasses import dataclass

from shared.runtime.api import Request

OPERATE = "console/operate"
OPERATORS = "operators"


@dataclass(frozen=True, slots=True)
class Operator:
    """``may_operate``: the app was allowed to for them, and they are one of the operators."""

    name: str
    may_operate: bool


def operator_of(request: Request) -> Operator:
    """The operator. A scope is the app's, and everybody gets it who logs in: the group decides."""
    scopes = request.claims.get("scope", "").split()
    # API Gateway writes a list as text: with commas, or in brackets with spaces.
    groups = request.claims.get("cognito:groups", "").strip("[]").replace(",", " ").split()
    return Operator(
        request.claims.get("username", request.customer_id),
        OPERATE in scopes and OPERATORS in groups,
    )
