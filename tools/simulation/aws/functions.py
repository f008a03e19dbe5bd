"""Lambda: processes that are kept warm, replaced, stopped when they take too long, or killed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from tools.simulation.code import Code, Handler, Memory, Plants
from tools.simulation.seam import Call, Lost, Refusal
from tools.simulation.virtual import virtual_machine
from tools.simulation.world import Process, World

Ended = Callable[[Any, str | None], None]
"""Is called with the answer and, if the invocation failed, the type of the error."""
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "simulated",
    "AWS_SECRET_ACCESS_KEY": "simulated",  # pragma: allowlist secret
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    # Spans go beside the function and tell it nothing: their cost is all that they would add.
    "TRACE_SHARE": "0",
}


class Library:
    """Functions' code, with a bug or without, imported once for as many seeds as are run.

    ``clean`` is a library without plants: what it has compiled is not compiled again.
    """

    def __init__(self, plants: Plants, clean: Library | None = None) -> None:
        self._plants = plants
        self._compiled: dict[str, Any] = {} if clean is None else clean._compiled
        self._code: Code | None = None

    def prepare(self, handlers: Iterable[str]) -> None:
        """Import these, before any seed needs them: what it takes to import is no part of a run."""
        if self._code is None:
            with virtual_machine(0):
                self._code = Code(handlers, self._plants, self._compiled, CREDENTIALS)

    def handler(self, name: str) -> Handler:
        """One of those."""
        assert self._code is not None, "the library was not prepared"
        return self._code.handlers[name]

    def check(self) -> None:
        """Raises Shared if a run left anything behind in the modules."""
        if self._code is not None:
            self._code.check()


class Function:
    """One deployed function; ``timeout`` in seconds."""

    def __init__(self, name: str, handler: str, timeout: float, variables: dict[str, str]) -> None:
        self.name = name
        self.handler = handler
        self.timeout = timeout
        self.variables = {**variables, **CREDENTIALS}
        self.warm: list[tuple[Memory, float]] = []
        """Processes that wait for an invocation: what each has in memory, and how wrong its clock
        is."""


class _Context:
    """What Lambda tells a handler of its invocation."""

    def __init__(self, world: World, name: str, number: int, timeout: float) -> None:
        self.aws_request_id = f"00000000-0000-4000-8000-{number:012x}"
        self.function_name = name
        self._world = world
        self._ends = world.now + timeout

    def get_remaining_time_in_millis(self) -> int:
        """Until the invocation is stopped."""
        return max(0, int((self._ends - self._world.now) * 1000))


class Functions:
    """The service, for the functions that it is given, by their names."""

    def __init__(self, world: World, library: Library, functions: Mapping[str, Function]) -> None:
        self._world = world
        self._library = library
        self.functions = functions
        self.running: dict[int, Process] = {}
        self.invocations = 0

    def operations(self) -> dict[str, Call]:
        """By their names in the API."""
        return {"Invoke": self._invoke_and_wait}

    def invoke(self, name: str, event: Any, ended: Ended, *, vulnerable: bool = True) -> Process:
        """Start an invocation at the next turn of the world."""
        function = self.functions[name]
        world, dice = self._world, self._world.dice
        self.invocations += 1
        number = self.invocations
        handler = self._library.handler(function.handler)
        memory, skew = self._process_for(function, vulnerable)
        context = _Context(world, name, number, function.timeout)

        def finished(answer: Any, error: BaseException | None) -> None:
            self.running.pop(number, None)
            function.warm.append((memory, process.skew))
            if error is not None:
                world.tell(process.name, "FAILED", type(error).__name__, str(error)[:300])
                if isinstance(error, NotImplementedError):
                    raise error
            ended(answer, type(error).__name__ if error is not None else None)

        process = Process(
            world,
            f"{name}/{number}",
            lambda: handler(event, context),
            finished,
            function.variables,
            skew,
            memory,
        )
        process.vulnerable = vulnerable and not dice.are_over

        def died() -> None:
            self.running.pop(number, None)
            ended(None, "Runtime.ExitError")

        process.died = died
        self.running[number] = process
        world.after(0.0, process.start)
        world.after(function.timeout, lambda: self._stop(number))
        return process

    def _process_for(self, function: Function, vulnerable: bool) -> tuple[Memory, float]:
        dice = self._world.dice
        if function.warm and vulnerable and dice.throw("cold start"):
            function.warm.pop(0)
        if function.warm:
            return function.warm.pop()
        skew = 0.0
        if dice.throw("clock ahead or behind"):
            skew = dice.between(-3, 3) if dice.between(0, 1) < 0.7 else dice.between(-90, 90)
        return {}, skew

    def _stop(self, number: int) -> None:
        process = self.running.get(number)
        if process is not None and not process.done:
            self._world.dice.note("timed out")
            self._world.tell(process.name, "TIMED OUT")
            process.kill()

    def _invoke_and_wait(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        world, caller = self._world, self._world.current
        assert caller is not None
        name = asked["FunctionName"].rpartition(":")[2]
        if name not in self.functions:
            raise Refusal("ResourceNotFoundException", name, 404)
        turn = caller.turn

        def ended(answer: Any, error: str | None) -> None:
            world.after(0.0, lambda: caller.resume((answer, error), turn))

        payload = json.loads(bytes(asked["Payload"]))
        if asked.get("InvocationType") == "Event":
            self.invoke(name, payload, lambda _answer, _error: None)
            return {"StatusCode": 202, "Payload": io.BytesIO(b"")}
        self.invoke(name, payload, ended, vulnerable=caller.vulnerable)
        world.after(caller.patience, lambda: caller.resume(None, turn))
        answered = world.wait()
        if answered is None:
            raise Lost(connected=True, waited=True)
        answer, error = answered
        if error is not None:
            failed = json.dumps({"errorType": error, "errorMessage": error}).encode()
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": io.BytesIO(failed)}
        return {"StatusCode": 200, "Payload": io.BytesIO(msgspec.json.encode(answer))}

    def end(self) -> None:
        """The run is over: what is at work is stopped."""
        for process in list(self.running.values()):
            process.kill()
