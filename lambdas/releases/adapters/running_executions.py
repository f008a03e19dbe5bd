"""Which releases are under way, as Step Functions knows it."""

from typing import Any

MOST = 1000


class RunningExecutions:
    """Implements ``releases.ports.Executions``. ``machine`` is the state machine's ARN."""

    def __init__(self, stepfunctions: Any, machine: str) -> None:
        self._stepfunctions = stepfunctions
        self._machine = machine

    def before(self, service: str, execution: str) -> str | None:
        """Executions are named ``{service}.{version}.{what makes it unique}``.

        Of two that began together the one with the lesser name is the first.
        """
        answer = self._stepfunctions.list_executions(
            stateMachineArn=self._machine, statusFilter="RUNNING", maxResults=MOST
        )
        running = {
            it["name"]: (it["startDate"], it["name"])
            for it in answer["executions"]
            if it["name"].startswith(f"{service}.")
        }
        own = running.get(execution)
        earlier = [began for name, began in running.items() if own is None or began < own]
        return min(earlier)[1] if earlier else None
