"""Notes what IAM is asked: who wants to do what to which resource, each question once.

The emulator checks each call of a function by one function of one module. It is wrapped before
anything else imports it; the answers stay what they are.

The emulator's interpreter loads this file by its path, so it imports the standard library alone.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any


class _Asked(threading.local):
    """The question that is being answered: a role's policies are looked at first."""

    question: Any = None


def note_calls(evaluator: Any, file: Path) -> None:
    """From now on append to ``file`` what is asked of ``evaluator``, a line of JSON for each."""
    evaluate, enforce = evaluator.evaluate, evaluator.enforce
    asked, noted = _Asked(), set[tuple[Any, ...]]()
    lock = threading.Lock()

    def evaluated(question: Any, *policies: Any, **more: Any) -> Any:
        asked.question = asked.question or question
        return evaluate(question, *policies, **more)

    def enforced(*call: Any, **more: Any) -> Any:
        asked.question = None
        refusal = enforce(*call, **more)
        if (it := asked.question) is not None:
            line = (it.principal_arn, it.action, it.resource_arn, refusal is None)
            with lock:
                if line not in noted:
                    noted.add(line)
                    with file.open("a", encoding="utf-8") as notes:
                        notes.write(f"{json.dumps(line)}\n")
        return refusal

    evaluator.evaluate, evaluator.enforce = evaluated, enforced
