"""Asks several owners at once, and for no longer than a browser waits: who is slow is left out."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from console.ports import Functions, Unanswered
from shared.runtime import log

SECONDS = 5.0
"""How long all of them together may take."""
AT_ONCE = 16
Question = Callable[[], Any]
Answer = Any
"""What was answered, or the Unanswered that says why there is nothing."""


def ask_all(questions: Mapping[str, Question], seconds: float = SECONDS) -> dict[str, Answer]:
    """Every question's answer by its name; one that fails takes nothing from the others."""
    if not questions:
        return {}
    pool = ThreadPoolExecutor(min(AT_ONCE, len(questions)))
    asked = {name: pool.submit(question) for name, question in questions.items()}
    done, _ = wait(asked.values(), seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    answers: dict[str, Answer] = {}
    for name, future in asked.items():
        if future not in done:
            answers[name] = Unanswered(f"no answer within {seconds:g} seconds")
        elif error := future.exception():
            answers[name] = error if isinstance(error, Unanswered) else _unexpected(name, error)
        else:
            answers[name] = future.result()
    return answers


def asking(functions: Functions, arn: str, request: Mapping[str, Any]) -> Question:
    """A question to an owner's function."""
    return lambda: functions.ask(arn, request)


def _unexpected(name: str, error: BaseException) -> Unanswered:
    log.error("part not understood", part=name, error=type(error).__name__)
    return Unanswered(f"its answer was not understood: {type(error).__name__}")
