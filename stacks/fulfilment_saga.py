"""The saga as a state machine: an order is confirmed step by step, or undone in reverse.

Every step is a command that goes to its owner's queue through fulfilment's sender, and waits for
the owner's reply. How it may end:

- done: the step is noted among ``done``, and the next one follows;
- ``Refused``: the business says no, nothing was done, and what came before is undone;
- no answer, or none that is final: the step is noted among ``possibly`` and undone as if done.

Transitions are what the saga costs, so a confirmed order takes one for each step, and no other: the
function that starts the first execution reads the order, the first step finds out whether it did,
and the function that takes the confirmation's reply closes the saga.

The expressions are JSONata; ``${Names}`` are filled in when the stack is deployed, ``${Partition}``
when it is synthesized.
"""

from dataclasses import dataclass
from typing import Any

from contracts.messages import owner_of
from stacks.stage import Stage

Json = dict[str, Any]

INVOKE = "arn:${Partition}:states:::lambda:invoke"
EXECUTION = "$states.context.Execution"
TOUCHED = "[$done, $possibly]"
GIVEN_UP = "('OrderCancelled' in $events or 'OrderRejected' in $events)"
THE_END = (
    "('OrderConfirmed' in $events or 'confirm-order' in $done or $settled = 'order-confirmed')"
    " ? 'confirmed'"
    " : ('OrderCancelled' in $events or $settled = 'order-cancelled') ? 'cancelled' : 'rejected'"
)
"""What became of the order, once nothing is left to do."""
ORDER_UNKNOWN = "order-unknown"
"""What the first step has in place of its data when nobody brought the order along. Who expects
data refuses it."""
JOURNEY = {
    name: f"{{% {EXECUTION}.Input.{name} %}}"
    for name in ("correlation_id", "causation_id", "traceparent")
}


@dataclass(frozen=True, slots=True)
class SagaTimes:
    """How patient the saga is, in whole seconds.

    ``step`` is the deadline of a step: in the cloud longer than the outage of a service that
    orders are to survive. ``saga`` is when the sweeper looks for an order that is still placed.
    A failed command is sent again ``attempts`` times, after ``pause`` seconds at first.
    """

    step: int
    undo: int
    saga: int
    pause: int
    attempts: int


def saga_times(stage: Stage, step: str | None = None) -> SagaTimes:
    """The times of an environment; ``step`` replaces the steps' deadline.

    Raises:
        ValueError: ``step`` is not a whole number of seconds.
    """
    hour = 3600
    if stage.name == "dev":
        times = SagaTimes(step=120, undo=120, saga=600, pause=1, attempts=3)
    else:
        times = SagaTimes(step=3 * hour, undo=24 * hour, saga=8 * hour, pause=5, attempts=8)
    if step is None:
        return times
    if not step.isdecimal() or int(step) < 1:
        raise ValueError(f"saga-step-deadline: a whole number of seconds, not {step!r}")
    return SagaTimes(int(step), int(step), times.saga, times.pause, times.attempts)


def saga(times: SagaTimes) -> Json:
    """The definition in Amazon States Language."""
    return {
        "Comment": "Leads an order from placed to confirmed, or undoes it",
        "QueryLanguage": "JSONata",
        "StartAt": "Reserve stock",
        "States": {
            **_fulfil(times),
            **_look_at_the_order(times),
            **_settle_an_unknown_confirmation(times),
            **_undo(times),
            **_end(times),
        },
    }


def owners(definition: Json) -> tuple[str, ...]:
    """Who carries out its steps, in the order in which they are first asked.

    A step is named after its command, and the command's contract says whose it is.
    """
    payloads = [it.get("Arguments", {}).get("Payload", {}) for it in definition["States"].values()]
    commands = [it["step"].title().replace("-", "") for it in payloads if "step" in it]
    return tuple(dict.fromkeys(map(owner_of, commands)))


def _look_at_the_order(times: SagaTimes) -> Json:
    """Names of executions are free again after 90 days, and customers cancel: so look first.

    Whoever starts the first execution has looked, if orders answered at once. Of an order that
    nobody brought, the first step asks for nothing and comes here.
    """
    return {
        "Order known already?": _choice("$known", "May it be confirmed?", otherwise="Read order"),
        "Read order": {
            "Type": "Task",
            "Resource": INVOKE,
            "Arguments": {
                "FunctionName": "${ReadEvents}",
                "Payload": {"order_id": f"{{% {EXECUTION}.Input.order_id %}}"},
            },
            "Assign": {
                "placed": "{% $states.result.Payload.events[type = 'OrderPlaced'].data %}",
                "events": "{% [$states.result.Payload.events.type] %}",
                **_begun(),
            },
            "Retry": _patiently(times),
            "Next": "Still to be fulfilled?",
        },
        "Still to be fulfilled?": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% 'OrderConfirmed' in $events %}", "Next": "Close saga"},
                {
                    "Condition": f"{{% $not({GIVEN_UP} or {EXECUTION}.Input.undoing) %}}",
                    "Output": {"placed": "{% $placed %}"},
                    "Next": "Reserve stock",
                },
                {
                    "Condition": f"{{% {GIVEN_UP} and $count({TOUCHED}) = 0 %}}",
                    "Next": "Close saga",
                },
            ],
            "Default": "May it be confirmed?",
        },
    }


def _begun() -> Json:
    """What an execution knows when it begins, but for the order."""
    return {
        "done": f"{{% [{EXECUTION}.Input.done] %}}",
        "possibly": f"{{% [{EXECUTION}.Input.possibly] %}}",
        "cause": f"{{% {EXECUTION}.Input.cause %}}",
        "failed_undo": [],
        "settled": "",
    }


def _reserve_stock(times: SagaTimes, *, then: str) -> Json:
    """The first step: its input is the execution's own, or what was read since.

    Without an order in it, the sender answers that it knows none, and keeps and sends nothing.
    """
    name, known = "reserve-stock", "$exists($states.input.placed)"
    lines = "[$states.input.placed.lines.{'sku': sku, 'quantity': quantity}]"
    data = f"{{% {known} ? {{'lines': {lines}}} : '{ORDER_UNKNOWN}' %}}"
    begun = {"events": ["OrderPlaced"], **_begun()}
    step = _step(times, name, data, then=then)
    final, passing = step["Retry"]
    refused, unanswered = step["Catch"]
    return {
        **step,
        "Assign": {
            **begun,
            "placed": "{% $states.input.placed %}",
            "done": f"{{% [{EXECUTION}.Input.done, '{name}'] %}}",
        },
        "Retry": [{**final, "ErrorEquals": [*final["ErrorEquals"], "OrderUnknown"]}, passing],
        "Catch": [
            {**refused, "Assign": {**begun, **refused["Assign"]}},
            {
                **unanswered,
                "Assign": {
                    **begun,
                    **unanswered["Assign"],
                    "possibly": f"{{% [{EXECUTION}.Input.possibly, '{name}'] %}}",
                    "known": f"{{% {known} %}}",
                },
                "Next": "Order known already?",
            },
        ],
    }


def _fulfil(times: SagaTimes) -> Json:
    ship_to = {
        "country": "{% $placed.ship_to.country %}",
        "postcode_area": "{% $placed.ship_to.postcode_area %}",
    }
    weight = "{% $placed.weight_grams %}"
    return {
        "Reserve stock": _reserve_stock(times, then="Authorize payment"),
        "Authorize payment": _step(
            times,
            "authorize-payment",
            {
                "customer_id": "{% $placed.customer_id %}",
                "amount": "{% $placed.total %}",
                "currency": "{% $placed.currency %}",
            },
            then="Gather quotes",
        ),
        "Gather quotes": _step(
            times,
            "gather-quotes",
            {
                "weight_grams": weight,
                "ship_to": ship_to,
                "currency": "{% $placed.currency %}",
            },
            then="Book shipment",
            keep={"quote": "{% $states.result.best %}"},
        ),
        "Book shipment": _step(
            times,
            "book-shipment",
            {
                "quote_id": "{% $quote.quote_id %}",
                "carrier": "{% $quote.carrier %}",
                "weight_grams": weight,
                "ship_to": ship_to,
            },
            then="Capture payment",
        ),
        "Capture payment": _step(times, "capture-payment", {}, then="Confirm order"),
        # The pivot: a conditional append decides between this and the customer's cancellation.
        "Confirm order": _step(times, "confirm-order", {}, then=None),
    }


def _settle_an_unknown_confirmation(times: SagaTimes) -> Json:
    """A confirmation without an answer may still happen: nothing is undone before it cannot."""
    return {
        "May it be confirmed?": _choice(
            f"'confirm-order' in {TOUCHED}", "Settle order", otherwise="Payment captured?"
        ),
        "Settle order": {
            **_command("reject-order", {"reason": "{% $cause %}"}, times.undo),
            "Retry": _patiently(times, also_timeouts=True),
            "Catch": [
                {
                    "ErrorEquals": ["Refused"],
                    "Assign": {"settled": "{% $states.errorOutput.Cause %}"},
                    "Next": "Confirmed after all?",
                },
                _undo_failed("reject-order", then="Report stuck saga"),
            ],
            "Next": "Payment captured?",
        },
        "Confirmed after all?": _choice(
            "$settled = 'order-confirmed'", "Close saga", otherwise="Payment captured?"
        ),
    }


def _undo(times: SagaTimes) -> Json:
    """In reverse; an undo that fails does not stop the others."""
    authorized_only = f"'authorize-payment' in {TOUCHED} and $not('capture-payment' in {TOUCHED})"
    return {
        "Payment captured?": _choice(
            f"'capture-payment' in {TOUCHED}", "Refund payment", otherwise="Shipment booked?"
        ),
        "Refund payment": _undo_step(times, "refund-payment", then="Shipment booked?"),
        "Shipment booked?": _choice(
            f"'book-shipment' in {TOUCHED}", "Cancel shipment", otherwise="Payment authorized?"
        ),
        "Cancel shipment": _undo_step(times, "cancel-shipment", then="Payment authorized?"),
        "Payment authorized?": _choice(
            authorized_only, "Void payment", otherwise="Stock reserved?"
        ),
        "Void payment": _undo_step(
            times,
            "void-payment",
            then="Stock reserved?",
            # It was captured although nobody here knew: then a refund is what undoes it.
            refused={
                "ErrorEquals": ["Refused"],
                "Assign": {"possibly": "{% [$possibly, 'capture-payment'] %}"},
                "Next": "Refund payment",
            },
        ),
        "Stock reserved?": _choice(
            f"'reserve-stock' in {TOUCHED}", "Release stock", otherwise="Reject order"
        ),
        "Release stock": _undo_step(times, "release-stock", then="Reject order"),
        "Reject order": _undo_step(
            times,
            "reject-order",
            {"reason": "{% $cause %}"},
            then="Everything undone?",
            refused={
                "ErrorEquals": ["Refused"],  # it is rejected or cancelled already
                "Assign": {"settled": "{% $states.errorOutput.Cause %}"},
                "Next": "Everything undone?",
            },
        ),
    }


def _end(times: SagaTimes) -> Json:
    return {
        "Everything undone?": _choice(
            "$count($failed_undo) = 0 and $settled != 'order-confirmed'",
            "Close saga",
            otherwise="Report stuck saga",
        ),
        "Close saga": {
            "Type": "Task",
            "Resource": "arn:${Partition}:states:::dynamodb:updateItem",
            "Arguments": {
                "TableName": "${Sagas}",
                "Key": {
                    "order_id": {"S": f"{{% {EXECUTION}.Input.order_id %}}"},
                    "part": {"S": "saga"},
                },
                "UpdateExpression": "SET #state = :ended, #end = :end REMOVE #open",
                "ExpressionAttributeNames": {"#state": "state", "#end": "end", "#open": "open"},
                "ExpressionAttributeValues": {
                    ":ended": {"S": "ended"},
                    ":end": {"S": f"{{% {THE_END} %}}"},
                },
            },
            "Retry": _patiently(times),
            # The sweeper will find it, and see that the execution succeeded.
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Settled"}],
            "End": True,
        },
        "Settled": {"Type": "Succeed"},
        "Report stuck saga": {
            "Type": "Task",
            "Resource": INVOKE,
            "Arguments": {
                "FunctionName": "${ReportStuck}",
                "Payload": {
                    "order_id": f"{{% {EXECUTION}.Input.order_id %}}",
                    "execution": f"{{% {EXECUTION}.Name %}}",
                    "journey": JOURNEY,
                    "failed_undo": "{% $failed_undo %}",
                    "done": "{% $done %}",
                    "possibly": "{% $possibly %}",
                    "cause": "{% $cause %}",
                },
            },
            "Retry": _patiently(times),
            "Next": "Stuck",
        },
        "Stuck": {
            "Type": "Fail",
            "Error": "FulfilmentStuck",
            "Cause": "Some undo failed for good: an operator resumes the saga",
        },
    }


def _step(
    times: SagaTimes, name: str, data: Json | str, *, then: str | None, keep: Json | None = None
) -> Json:
    return {
        **_command(name, data, times.step),
        "Assign": {"done": f"{{% [$done, '{name}'] %}}", **(keep or {})},
        "Retry": _patiently(times),
        "Catch": [
            {
                "ErrorEquals": ["Refused"],
                "Assign": {"cause": "{% $states.errorOutput.Cause %}"},
                "Next": "May it be confirmed?",
            },
            {
                "ErrorEquals": ["States.ALL"],
                "Assign": {
                    "cause": f"{name}-unanswered",
                    "possibly": f"{{% [$possibly, '{name}'] %}}",
                },
                "Next": "May it be confirmed?",
            },
        ],
        **({"Next": then} if then else {"End": True}),
    }


def _undo_step(
    times: SagaTimes,
    name: str,
    data: Json | None = None,
    *,
    then: str,
    refused: Json | None = None,
) -> Json:
    return {
        **_command(name, data or {}, times.undo),
        "Retry": _patiently(times, also_timeouts=True),
        "Catch": [*([refused] if refused else []), _undo_failed(name, then=then)],
        "Next": then,
    }


def _undo_failed(name: str, *, then: str) -> Json:
    return {
        "ErrorEquals": ["States.ALL"],
        "Assign": {"failed_undo": f"{{% [$failed_undo, '{name}'] %}}"},
        "Next": then,
    }


def _command(name: str, data: Json | str, deadline: int) -> Json:
    return {
        "Type": "Task",
        "Resource": f"{INVOKE}.waitForTaskToken",
        "TimeoutSeconds": deadline,
        "Arguments": {
            "FunctionName": "${SendCommand}",
            "Payload": {
                "order_id": f"{{% {EXECUTION}.Input.order_id %}}",
                "step": name,
                "token": "{% $states.context.Task.Token %}",
                "journey": JOURNEY,
                "data": data,
            },
        },
    }


def _patiently(times: SagaTimes, *, also_timeouts: bool = False) -> list[Json]:
    """What passes is tried again with growing, random pauses; a refusal is final."""
    return [
        {"ErrorEquals": ["Refused"], "MaxAttempts": 0},
        {
            "ErrorEquals": ["States.ALL" if also_timeouts else "States.TaskFailed"],
            "IntervalSeconds": times.pause,
            "BackoffRate": 2,
            "MaxAttempts": times.attempts,
            "MaxDelaySeconds": 300,
            "JitterStrategy": "FULL",
        },
    ]


def _choice(condition: str, then: str, *, otherwise: str) -> Json:
    return {
        "Type": "Choice",
        "Choices": [{"Condition": f"{{% {condition} %}}", "Next": then}],
        "Default": otherwise,
    }
