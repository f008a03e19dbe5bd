"""A release as a state machine: check, start, observe, and continue or roll back.

The same definition runs on AWS and offline. What differs is behind the function that takes the
steps. Whatever goes wrong after the check leads to ``Roll back``.
"""

from typing import Any

from stacks.constructs.machine_states import INVOKE

Json = dict[str, Any]

STEP_SECONDS = 20
"""A step that takes longer is not known to have been taken."""
PAUSE_SECONDS = 1
"""Between two observations, each of which lasts for five seconds unless something follows."""
BEGUN = "{% $states.context.Execution.Input.service %}"
VERSION = "{% $states.context.Execution.Input.version %}"


def release_machine() -> Json:
    """The definition; its input is ``{service, version}``."""
    return {
        "Comment": "Releases a version of a service: a share of the calls first, then all or none",
        "QueryLanguage": "JSONata",
        "StartAt": "Check",
        "States": {
            "Check": {
                **_step("check", execution="{% $states.context.Execution.Name %}"),
                "Assign": {"handle": {}, "cause": ""},
                # Nothing was begun: another release that is under way stays as it is.
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Refused"}],
                "Next": "Start",
            },
            "Start": {
                **_step("start"),
                "Assign": {"handle": "{% $states.result.Payload.handle %}"},
                "Catch": _roll_back(),
                "Next": "Observe",
            },
            "Observe": {
                **_step("observe", handle="{% $handle %}"),
                "Output": "{% $states.result.Payload %}",
                "Assign": {"cause": "{% $states.result.Payload.reason %}"},
                "Catch": _roll_back(),
                "Next": "What follows?",
            },
            "What follows?": {
                "Type": "Choice",
                "Choices": [
                    {"Condition": f"{{% $states.input.next = '{word}' %}}", "Next": state}
                    for word, state in (
                        ("continue", "Continue"),
                        ("done", "Promoted"),
                        ("wait", "Wait"),
                    )
                ],
                # Also for a word that nobody knows.
                "Default": "Roll back",
            },
            "Wait": {"Type": "Wait", "Seconds": PAUSE_SECONDS, "Next": "Observe"},
            "Continue": {
                **_step("continue", handle="{% $handle %}"),
                "Assign": {"handle": "{% $states.result.Payload.handle %}"},
                "Catch": _roll_back(),
                "Next": "Observe",
            },
            "Promoted": {"Type": "Succeed"},
            "Roll back": {
                **_step("roll-back", handle="{% $handle %}", cause="{% $cause %}"),
                "Retry": [
                    {
                        "ErrorEquals": ["States.ALL"],
                        "IntervalSeconds": 1,
                        "BackoffRate": 2,
                        "MaxDelaySeconds": 30,
                        "MaxAttempts": 8,
                    }
                ],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Not rolled back"}],
                "Next": "Rolled back",
            },
            "Rolled back": {"Type": "Fail", "Error": "RolledBack", "Cause": "{% $cause %}"},
            "Not rolled back": {
                "Type": "Fail",
                "Error": "NotRolledBack",
                "Cause": "Nobody knows which share the new version has: an operator has to look",
            },
            "Refused": {
                "Type": "Fail",
                "Error": "Refused",
                "Cause": "The release was not begun",
            },
        },
    }


def _step(step: str, **more: str) -> Json:
    return {
        "Type": "Task",
        "Resource": INVOKE,
        "TimeoutSeconds": STEP_SECONDS,
        "Arguments": {
            "FunctionName": "${Control}",
            "Payload": {"step": step, "service": BEGUN, "version": VERSION, **more},
        },
    }


def _roll_back() -> list[Json]:
    return [
        {
            "ErrorEquals": ["States.ALL"],
            "Assign": {
                "cause": "{% $states.errorOutput.Error & ': ' & $states.errorOutput.Cause %}"
            },
            "Next": "Roll back",
        }
    ]
