"""Problem documents, as RFC 9457 has them."""

from contracts.product import PROBLEM_TYPES
from shared.runtime import problems
from shared.runtime.problems import Problem, Violation


def test_a_problem_document_says_what_where_and_in_which_journey() -> None:
    problem = Problem(418, "teapot", "It is a teapot", "short and stout")
    assert problem.document("/v1/tea", "c-1") == {
        "type": PROBLEM_TYPES + "teapot",
        "title": "It is a teapot",
        "status": 418,
        "detail": "short and stout",
        "instance": "/v1/tea",
        "correlation_id": "c-1",
    }


def test_an_invalid_request_points_at_each_fault() -> None:
    faults = [Violation("/a", "is missing"), Violation("/b/0", "is too long")]
    document = problems.invalid_request("it is wrong", *faults).document("/", "c")
    assert document["status"] == 400
    assert document["errors"] == [
        {"pointer": "/a", "detail": "is missing"},
        {"pointer": "/b/0", "detail": "is too long"},
    ]


def test_what_is_not_found_is_named_without_saying_whether_it_exists() -> None:
    document = problems.not_found("order", "o-1").document("/", "c")
    assert (document["status"], document["type"].split("/")[-1]) == (404, "order-not-found")
    assert document["detail"] == "you have no order 'o-1'"


def test_what_is_too_large_learns_the_limit() -> None:
    document = problems.too_large(1024).document("/", "c")
    assert (document["status"], "1024" in document["detail"]) == (413, True)
