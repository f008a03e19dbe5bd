"""The judge of manifests as `make k8s-judge` runs it: with CEL, from a folder or by download."""

from __future__ import annotations

import hashlib
import http.server
import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.definitions import gate, write_definition
from tests.support.recorded import FOLDER, with_definitions
from tools.kubernetes import environment

CHECKOUT = Path(__file__).parents[2]


def judge(folder: Path, text: bytes, *options: str) -> tuple[int, list[dict[str, Any]], str]:
    """Exit status, verdicts in their order, and what was said."""
    (folder / "cases.jsonl").write_bytes(text)
    out = folder / "verdicts.jsonl"
    done = subprocess.run(
        [
            *(str(environment.PYTHON), "-m", "tools.kubernetes.commands", "judge"),
            *(f"--in={folder / 'cases.jsonl'}", f"--out={out}", *options),
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = out.read_text("utf-8").splitlines() if out.exists() else []
    return done.returncode, [json.loads(it) for it in lines], done.stderr


def case(name: str, manifest: Any, update: Any = None) -> bytes:
    """A line of cases."""
    operation = "create" if update is None else "create+update"
    line = {"id": name, "operation": operation, "manifest": manifest, "update": update}
    return json.dumps(line).encode() + b"\n"


LABELLED = {"app": "a"}
POD: dict[str, Any] = {"containers": [{"name": "a", "image": "a"}]}
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "a"},
    "spec": {
        "selector": {"matchLabels": LABELLED},
        "template": {"metadata": {"labels": LABELLED}, "spec": POD},
    },
}
ONE, TWO = [{"name": "a", "number": 2}], [{"name": "b"}, {"name": "a", "number": 1}]
CASES: tuple[tuple[str, Any, Any, list[tuple[str, str, str]]], ...] = (
    ("sound", gate(), None, []),
    ("rule", gate(mode="Shut"), None, [("spec", "cel", "what is shut says why")]),
    ("rule holds", gate(mode="Shut", note="night"), None, []),
    ("expression", gate(labels={"old.a": ""}), None, [("spec", "cel", "old labels: 1")]),
    ("in a map", gate(labels={"a": "no"}), None, [("spec.labels[a]", "cel", "not no")]),
    ("default", gate(ports=[*TWO[:1], {"name": "c"}]), None, [("spec.ports", "cel", "differ")]),
    (
        "float read by a rule",
        gate(ports=[{"name": "a", "number": 80.0}, {"name": "b"}]),
        None,
        [("spec.ports", "cel", "expected int, got float64 evaluating rule")],
    ),
    (
        "note",
        gate(mode="shut"),
        None,
        [("spec.mode", "schema", "Open"), ("<nil>", "note", "some validation rules")],
    ),
    (
        "transition in a map",
        gate(ports=ONE),
        gate(ports=TWO),
        [("spec.ports[1].number", "cel", "")],
    ),
    ("transition, none before", gate(), gate(ports=TWO), []),
    ("immutable", gate(host="a"), gate(host="b"), [("spec.host", "cel", "failed rule: self ==")]),
    ("immutable, the same", gate(host="a"), gate(host="a", size=9), []),
    ("time", gate(since="2026-01-01t10:00:00.5+01:00"), None, []),
    ("time, by a rule", gate(since="2031-01-01T00:00:00Z"), None, [("spec", "cel", "the future")]),
    ("duration", gate(wait="59m59s"), None, []),
    ("duration, by a rule", gate(wait="61m"), None, [("spec.wait", "cel", "self <= duration")]),
    ("number in a text", gate(amount="+07"), None, []),
    (
        "space around a number",
        gate(amount=" 7"),
        None,
        [("spec.amount", "cel", "conversion error")],
    ),
    ("half a character", gate(extra={"\ud83d": ["\ude00", "\U0001f600"]}), None, []),
    ("half a character, id \ud83d", gate(), None, []),
    ("built in", DEPLOYMENT, None, []),
    (
        "built in, misspelt",
        {**DEPLOYMENT, "spec": {**DEPLOYMENT["spec"], "replica": 2}},
        None,
        [("spec.replica", "strict", "unknown field")],
    ),
    ("built in, in place of another", gate(), DEPLOYMENT, [("metadata.name", "metadata", "match")]),
    ("no kind", {"apiVersion": "v1", "kind": "Podd"}, None, [("apiVersion", "discovery", "404")]),
)
BAD = (
    (b"not json\n", "not JSON"),
    (b"[1]\n", "not a JSON object"),
    (b"\xff\xfe\n", "not JSON"),
    (b'{"id": "NaN", "operation": "create", "manifest": {"a": NaN}}\n', "no number of JSON"),
    (b'{"id": 3, "operation": "create", "manifest": {}}\n', "id must be a text"),
    (b'{"id": "a", "operation": "delete", "manifest": {}}\n', "operation must be one of"),
    (b'{"id": "a", "operation": "create"}\n', "manifest must be an object"),
    (b'{"id": "a", "operation": "create", "manifest": "x"}\n', "manifest must be an object"),
    (case("a", gate(), []), "update must be an object"),
    (case("a", gate(size=0), gate()), "manifest must be accepted before"),
    (b'{"id": "a", "operation": "create", "manifest": ' + b"[" * 90_000 + b"\n", "nested"),
)
TWICE = (
    b'{"id": "twice", "operation": "create", "manifest": {"apiVersion": "example.com/v1", '
    b'"kind": "Gate", "metadata": {"name": "a"}, "spec": {"size": 1, "size": 2}}}\n'
)
HUGE = case("huge", gate()).replace(b'"size": 4', b'"size": 1e999')


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    """The environment that the command makes when it is first wanted."""
    environment.install()


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, list[dict[str, Any]], str]:
    """All cases and all bad lines, judged by one run."""
    folder = tmp_path_factory.mktemp("judged")
    write_definition(folder)
    lines = [case(name, manifest, update) for name, manifest, update, _ in CASES]
    lines += [line for line, _ in BAD]
    return judge(folder, b"\n".join([*lines, TWICE, HUGE]), f"--crds={folder}")


@pytest.mark.parametrize("name", [it[0] for it in CASES])
def test_a_manifest_is_judged_as_a_server_would(
    verdicts: tuple[int, list[dict[str, Any]], str], name: str
) -> None:
    known_as = name.replace("\ud83d", "\ufffd")
    found = next(it for it in verdicts[1] if it["id"] == known_as)
    wanted = next(it[3] for it in CASES if it[0] == name)
    assert found["verdict"] == ("refused" if wanted else "accepted"), found
    assert len(found["causes"]) == len(wanted)
    for field, check, text in wanted:
        of_it = [it for it in found["causes"] if (it["field"], it["check"]) == (field, check)]
        assert text in of_it[0]["message"]


def test_a_bad_line_is_explained_and_loses_no_other(
    verdicts: tuple[int, list[dict[str, Any]], str],
) -> None:
    status, lines, told = verdicts
    assert status == 1
    assert f"{len(BAD)} lines of" in told
    assert len(lines) == len(CASES) + len(BAD) + 2
    for (_, text), line in zip(BAD, lines[len(CASES) :], strict=False):
        assert line["verdict"] == "error"
        assert text in line["causes"][0]["message"], line
        assert line["causes"][0]["message"].startswith(f"line {line['line']}: ")
    assert [it["verdict"] for it in lines[-2:]] == ["refused", "refused"]
    assert lines[-2]["causes"][0]["message"] == 'duplicate field "spec.size"'


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server of one folder."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given, directory=str(tmp_path))

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/gates.yaml"
    server.shutdown()
    server.server_close()
    thread.join()


def test_definitions_are_downloaded_and_only_with_their_checksum(
    tmp_path: Path, address: str
) -> None:
    sha256 = hashlib.sha256(write_definition(tmp_path).read_bytes()).hexdigest()
    lock = tmp_path / "lock.toml"
    text = f'[[definition]]\nname="gates.yaml"\naddress="{address}"\nversion="1"\nsha256='
    options = (f"--lock={lock}", f"--cache={tmp_path / 'cache'}")
    lock.write_text(f'{text}"{"0" * 64}"\n', "utf-8")
    status, lines, told = judge(tmp_path, case("a", gate()), *options)
    assert (status, lines) == (2, [])
    assert "nothing of it is used" in told
    lock.write_text(f'{text}"{sha256}"\n', "utf-8")
    status, lines, told = judge(tmp_path, case("a", gate(size=0)), *options)
    assert (status, lines[0]["verdict"]) == (0, "refused"), told


@with_definitions
def test_every_recorded_verdict_is_given_with_all_its_causes(tmp_path: Path) -> None:
    text = (Path(FOLDER) / "verdicts.jsonl").read_bytes()
    status, lines, told = judge(tmp_path, text, f"--crds={FOLDER}")
    assert status == 0, told
    wanted = [json.loads(it) for it in text.splitlines()]
    other = [
        (had["id"], had, got)
        for had, got in zip(wanted, lines, strict=True)
        if (had["verdict"], had["causes"]) != (got["verdict"], got["causes"])
    ]
    assert other == []
