"""Every saga that waits is shown, and one is resumed only when its operator confirms it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.examples.hostile_records import TEXTS
from tools.base.errors import FunctionFailed, OperationFailed
from tools.base.target import Target
from tools.base.terminal import Terminal
from tools.operations import stuck

ORDER = "2a0d6bb4-9d24-55ad-9791-4c70ff45ac2b"
SINCE = "2026-12-01T09:30:00.000Z"
PAGE = 100


def saga(order_id: str = ORDER, *reasons: str) -> dict[str, Any]:
    left = [{"step": "refund-payment", "reason": reason} for reason in reasons]
    return {"order_id": order_id, "since": SINCE, "unsettled": left}


@dataclass
class Fulfilment:
    """Fulfilment's functions in place of an account."""

    sagas: list[dict[str, Any]]
    refuses: FunctionFailed | None = None
    resumed: list[str] = field(default_factory=list)

    def call(self, service: str, resource: str, request: dict[str, Any]) -> Any:
        assert service == "fulfilment"
        if resource == "resume-arn":
            if self.refuses:
                raise self.refuses
            self.resumed.append(request["order_id"])
            return {"order_id": request["order_id"], "execution": f"{request['order_id']}.2"}
        assert resource == "list-stuck-arn"
        begin = self.sagas.index(request["after"]) + 1 if request["after"] else 0
        end = begin + PAGE
        return {
            "stuck": self.sagas[begin:end],
            "next": self.sagas[end - 1] if end < len(self.sagas) else None,
        }

    def asked(self, monkeypatch: pytest.MonkeyPatch, **resume: Any) -> tuple[bool, str]:
        """Whether all is well, and what was said: by `resume`, or without arguments by `show`."""
        monkeypatch.setattr(Target, "call", lambda _target, *asked: self.call(*asked))
        file = io.StringIO()
        target = Target("here", "dev", lambda _: None, is_offline=True)
        console = Terminal(file=file, width=240)
        done = stuck.resume(target, console, **resume) if resume else stuck.show(target, console)
        return done, file.getvalue()


def test_a_saga_is_shown_with_its_step_its_time_and_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done, said = Fulfilment([saga(ORDER, "failed: provider-down")]).asked(monkeypatch)
    assert not done
    (row,) = (line.split() for line in said.splitlines() if ORDER in line)
    assert row == [ORDER, "refund-payment", SINCE, "failed:", "provider-down"]
    assert "make resume ORDER=" in said


def test_where_none_waits_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Fulfilment([]).asked(monkeypatch) == (True, "no saga waits for an operator\n")


def test_one_whose_undos_are_all_done_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "every undo is done: resume it" in Fulfilment([saga()]).asked(monkeypatch)[1]


def test_every_saga_is_shown_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    sagas = [saga(f"{number:08x}{ORDER[8:]}", "failed: x") for number in range(1005)]
    _, said = Fulfilment(sagas).asked(monkeypatch)
    assert [it["order_id"] for it in sagas if it["order_id"] not in said] == []
    assert said.count("failed: x") == 1005
    assert "1005 wait" in said


@pytest.mark.parametrize("text", TEXTS, ids=repr)
def test_a_reason_from_outside_never_acts_on_the_terminal(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    fulfilment = Fulfilment([saga(ORDER, text)])
    for said in (
        fulfilment.asked(monkeypatch)[1],
        fulfilment.asked(monkeypatch, order_id=ORDER, confirm=False)[1],
    ):
        assert said.replace("\n", "").isprintable()
        assert "[/x]" in said or text != "[/x]"


def test_without_a_confirmation_nothing_is_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    other = saga(f"00000000{ORDER[8:]}", "failed: another")
    fulfilment = Fulfilment([other, saga(ORDER, "failed: x")])
    done, said = fulfilment.asked(monkeypatch, order_id=ORDER, confirm=False)
    assert (done, fulfilment.resumed) == (False, [])
    assert "failed: x" in said
    assert "another" not in said
    assert "nothing was changed; CONFIRM=yes resumes its saga" in said


def test_with_a_confirmation_that_saga_alone_is_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    fulfilment = Fulfilment([saga(), saga(f"00000000{ORDER[8:]}")])
    done, said = fulfilment.asked(monkeypatch, order_id=ORDER, confirm=True)
    assert (done, fulfilment.resumed) == (True, [ORDER])
    assert f"resumed as execution {ORDER}.2" in said


@pytest.mark.parametrize(
    ("kind", "said"), [("SagaNotFound", "has no saga"), ("SagaStillRunning", "is running")]
)
def test_what_cannot_be_resumed_is_said_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, kind: str, said: str
) -> None:
    fulfilment = Fulfilment([], FunctionFailed("fulfilment resume", kind, ORDER))
    with pytest.raises(OperationFailed, match=f"order {ORDER} {said}|saga of order {ORDER} {said}"):
        fulfilment.asked(monkeypatch, order_id=ORDER, confirm=True)


def test_another_failure_keeps_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    fulfilment = Fulfilment([], FunctionFailed("fulfilment resume", "RuntimeError", "broken"))
    with pytest.raises(FunctionFailed, match="RuntimeError: broken"):
        fulfilment.asked(monkeypatch, order_id=ORDER, confirm=True)
