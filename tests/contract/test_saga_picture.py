"""The picture in the documentation is the state machine that is deployed."""

import json
from pathlib import Path

import pytest

from fulfilment.domain.steps import STEPS
from stacks.fulfilment_saga import saga, saga_times
from stacks.stage import stage_named
from tools.docgen.pictures.state_machine import LABELS, branch_labels, definition_in, draw, layout

PICTURE = Path(__file__).parents[2] / "docs" / "saga.svg"
LAYOUT = Path(__file__).parents[2] / "web" / "src" / "pictures" / "saga.json"
DEFINITION = saga(saga_times(stage_named("dev", "local", "eu-west-1")))


def test_the_picture_shows_the_present_definition() -> None:
    assert PICTURE.read_text() == draw(DEFINITION), "docs/saga.svg is stale: run `make generate`"


def test_every_state_is_in_the_picture_by_its_name() -> None:
    picture = PICTURE.read_text()
    assert [name for name in DEFINITION["States"] if f">{name}</text>" not in picture] == []


def test_every_branch_says_why_it_is_taken() -> None:
    states = DEFINITION["States"]
    labelled = branch_labels(DEFINITION)
    choices = {
        (name, target)
        for name, state in states.items()
        if state["Type"] == "Choice"
        for target in [state["Default"], *(it["Next"] for it in state["Choices"])]
    }
    failures = {
        (name, caught["Next"])
        for name, state in states.items()
        for caught in state.get("Catch", [])
        if name != "Close saga"  # the sweeper ends what it could not: it goes on all the same
    }
    assert choices | failures <= set(labelled)
    assert set(LABELS) <= set(labelled)
    picture = PICTURE.read_text()
    assert [text for text, _ in labelled.values() if f">{text}</text>" not in picture] == []


def test_a_template_without_a_state_machine_is_refused() -> None:
    with pytest.raises(ValueError, match="0 state machines"):
        definition_in({"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {}}}})


def test_the_console_draws_the_same_picture() -> None:
    drawn = json.loads(LAYOUT.read_text())
    assert drawn == layout(DEFINITION), "web/src/pictures is stale: run `make generate`"
    picture = PICTURE.read_text()
    for box in drawn["boxes"]:
        assert f"<rect x='{box['x']}' y='{box['y']}'" in picture
    assert [it["path"] for it in drawn["lines"] if f"d='{it['path']}'" not in picture] == []
    assert [it["text"] for it in drawn["labels"] if f">{it['text']}</text>" not in picture] == []


def test_a_box_that_sends_a_command_says_which_step_it_is() -> None:
    named = {it["step"] for it in layout(DEFINITION)["boxes"] if it["step"]}
    assert named == set(STEPS)
