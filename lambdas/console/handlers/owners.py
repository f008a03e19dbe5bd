"""What owners publish, as the functions that ask them open it."""

from functools import cache

from console.adapters.published_reads import PublishedCards, PublishedFunctions
from console.environment import CardsEnvironment
from console.ports import Unanswered
from shared.runtime import aws
from shared.runtime.environment import load
from shared.runtime.problems import Problem


@cache
def functions() -> PublishedFunctions:
    """Each call is made once: a browser asks again by itself."""
    return PublishedFunctions(aws.client_that_tries_once("lambda"))


@cache
def patient_functions() -> PublishedFunctions:
    """The same for what changes something: it may take as long as a gateway waits, nearly."""
    return PublishedFunctions(aws.client_that_tries_once("lambda", 18))


@cache
def cards() -> PublishedCards:
    """The services' cards."""
    return PublishedCards(aws.brief_client("ssm"), load(CardsEnvironment).cards_path)


def unavailable(reason: Unanswered) -> Problem:
    """503: who has the answer does not give it now."""
    problem = Problem(503, "unavailable", "Its owner does not answer", str(reason))
    problem.headers = {"Retry-After": "5"}
    return problem
