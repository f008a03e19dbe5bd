"""What a server does with a manifest before and beside rules in CEL."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from tests.support.definitions import DEFINITION, SPEC, gate
from tools.kubernetes.judge import server
from tools.kubernetes.judge.causes import Verdict, as_go_prints
from tools.kubernetes.judge.definitions import Definitions
from tools.kubernetes.judge.schema import Checker

RULES = "x-kubernetes-validations"


def without_rules(schema: Any) -> Any:
    """CEL is in an environment of its own; a test of the real command looks at rules."""
    if isinstance(schema, dict):
        return {name: without_rules(each) for name, each in schema.items() if name != RULES}
    return [without_rules(it) for it in schema] if isinstance(schema, list) else schema


@pytest.fixture(autouse=True)
def patterns_of_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patterns are CEL's too."""
    monkeypatch.setattr(
        server, "_CHECKER", Checker(lambda text, pattern: bool(re.search(pattern, text)))
    )


@pytest.fixture
def served() -> Definitions:
    """The gates' definition alone."""
    found = Definitions()
    found.add(without_rules(DEFINITION), "gates.yaml")
    return found


def owner(**changed: Any) -> dict[str, Any]:
    """A sound reference to an owner, with these fields in place of its own."""
    return {"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "1", **changed}


def said(verdict: Verdict) -> list[tuple[str, str]]:
    """Field and reason of each cause."""
    return [(it.field, it.reason) for it in verdict.causes]


def test_a_sound_manifest_is_kept_with_its_defaults(served: Definitions) -> None:
    given = gate(ports=[{"name": "a"}], owner=None, note=None)
    before = copy.deepcopy(given)
    verdict = server.create(given, served)
    assert verdict.word == "accepted", verdict.causes
    assert verdict.stored is not None
    assert verdict.stored["spec"] == {
        "size": 4,
        "mode": "Open",
        "ports": [{"name": "a", "number": 80}],
        "owner": None,
    }
    assert verdict.stored["status"] == {"ready": False}
    assert given == before


@pytest.mark.parametrize(
    ("spec", "field", "reason"),
    [
        ({"size": "4"}, "spec.size", "FieldValueTypeInvalid"),
        ({"size": None}, "spec.size", "FieldValueRequired"),
        ({"size": 65}, "spec.size", "FieldValueInvalid"),
        ({"mode": "open"}, "spec.mode", "FieldValueNotSupported"),
        ({"mode": True}, "spec.mode", "FieldValueTypeInvalid"),
        ({"note": "abcdefghi"}, "spec.note", "FieldValueTooLong"),
        ({"note": "A"}, "spec.note", "FieldValueInvalid"),
        ({"since": "2026-13-01T00:00:00Z"}, "spec.since", "FieldValueTypeInvalid"),
        ({"since": 7}, "spec.since", "FieldValueTypeInvalid"),
        ({"tags": ["a", None]}, "spec.tags[1]", "FieldValueTypeInvalid"),
        ({"tags": ["a", "b", "a"]}, "spec.tags[2]", "FieldValueDuplicate"),
        ({"tags": {}}, "spec.tags", "FieldValueTypeInvalid"),
        ({"ports": [{"name": "a"}, {"name": "a"}]}, "spec.ports[1]", "FieldValueDuplicate"),
        ({"ports": [{}]}, "spec.ports[0].name", "FieldValueRequired"),
        ({"ports": [{"name": str(n)} for n in range(4)]}, "spec.ports", "FieldValueTooMany"),
        ({"labels": {"a": "", "b": "", "c": ""}}, "spec.labels", "FieldValueTooMany"),
        ({"labels": {"a": 1}}, "spec.labels.a", "FieldValueTypeInvalid"),
        ({"code": 302.5}, "spec.code", "FieldValueTypeInvalid"),
        ({"code": 303.0}, "spec.code", "FieldValueNotSupported"),
        ({"address": "10.0.0.256"}, "spec.address", "FieldValueTypeInvalid"),
        ({"replicas": 3.0}, ".spec.replicas", "FieldValueInvalid"),
        ({"replicas": -1}, ".spec.replicas", "FieldValueInvalid"),
        ({"replicas": 2**31}, ".spec.replicas", "FieldValueInvalid"),
        ({"limit": 1.5}, "spec.limit", "FieldValueTypeInvalid"),
        ({"sice": 4}, "spec.sice", "UnknownField"),
        ({"ports": [{"name": "a", "numbre": 1}]}, "spec.ports[0].numbre", "UnknownField"),
        ({"note": {"x": 1}}, "spec.note.x", "UnknownField"),
    ],
)
def test_a_fault_is_named_with_field_and_reason(
    served: Definitions, spec: dict[str, Any], field: str, reason: str
) -> None:
    verdict = server.create(gate(**spec), served)
    assert verdict.word == "refused"
    assert (field, reason) in said(verdict)


@pytest.mark.parametrize("number", [2**31, 2.5, float(2**63)])
def test_a_number_that_its_format_cannot_hold_is_refused(
    served: Definitions, number: float
) -> None:
    told = [it.message for it in server.create(gate(size=number), served).causes]
    assert any("must be of type integer with format int32 in spec.size" in it for it in told)


@pytest.mark.parametrize(
    "spec",
    [
        {"code": 302.0},
        {"address": "010.0.00.001"},
        {"since": "2026-01-01T00:00:00Zt"},
        {"replicas": 2**31 - 1},
        {"kept": [{"name": "a", "other": 1}]},
        {"size": 5.0},
        {"extra": {"any": [{"thing": None}]}},
        {"limit": "3"},
        {"limit": 3},
    ],
)
def test_what_looks_odd_and_is_allowed(served: Definitions, spec: dict[str, Any]) -> None:
    assert server.create(gate(**spec), served).word == "accepted"


def test_an_unknown_field_hides_every_other_cause(served: Definitions) -> None:
    assert said(server.create(gate(size="x", sice=1), served)) == [("spec.sice", "UnknownField")]


@pytest.mark.parametrize(
    ("changed", "field", "reason"),
    [
        ({"name": "Front"}, "metadata.name", "FieldValueInvalid"),
        ({"name": "a" * 254}, "metadata.name", "FieldValueInvalid"),
        ({"name": None}, "metadata.name", "FieldValueRequired"),
        ({"namespace": "Doors"}, "metadata.namespace", "FieldValueInvalid"),
        ({"generateName": "Front-"}, "metadata.generateName", "FieldValueInvalid"),
        ({"labels": {"a b": ""}}, "metadata.labels", "FieldValueInvalid"),
        ({"labels": {"a": "b c"}}, "metadata.labels", "FieldValueInvalid"),
        ({"labels": {"a/b/c": ""}}, "metadata.labels", "FieldValueInvalid"),
        ({"labels": {"a": True}}, "metadata.labels", "BadRequest"),
        ({"annotations": {"a": "x" * 262_144}}, "metadata.annotations", "FieldValueTooLong"),
        ({"annotations": []}, "metadata.annotations", "BadRequest"),
        ({"lables": {}}, "metadata.lables", "UnknownField"),
        ({"finalizers": ["a b"]}, "metadata.finalizers", "FieldValueInvalid"),
        ({"finalizers": [None]}, "metadata.finalizers", "FieldValueInvalid"),
        ({"generateName": "a.-", "name": ""}, "metadata.name", "FieldValueInvalid"),
        ({"generation": 1.5}, "metadata.generation", "BadRequest"),
        ({"creationTimestamp": "2026-01-01t00:00:00Z"}, "metadata.creationTimestamp", "BadRequest"),
        ({"managedFields": [{"time": ""}]}, "metadata.managedFields[0].time", "BadRequest"),
        ({"ownerReferences": [owner(uid="")]}, "metadata.ownerReferences.uid", "FieldValueInvalid"),
        (
            {"ownerReferences": [owner(kind="Event")]},
            "metadata.ownerReferences",
            "FieldValueInvalid",
        ),
        *(
            (
                {"ownerReferences": [owner(apiVersion=version)]},
                "metadata.ownerReferences.apiVersion",
                "FieldValueInvalid",
            )
            for version in ("", "apps/", "a/b/c")
        ),
        (
            {"ownerReferences": [owner(controller=True), owner(uid="2", controller=True)]},
            "metadata.ownerReferences",
            "FieldValueInvalid",
        ),
        ({"ownerReferences": [{"owner": 1}]}, "metadata.ownerReferences[0].owner", "UnknownField"),
        ({"resourceVersion": "7"}, "metadata.resourceVersion", "InternalError"),
    ],
)
def test_metadata_is_judged_as_of_every_kind(
    served: Definitions, changed: dict[str, Any], field: str, reason: str
) -> None:
    manifest = gate()
    manifest["metadata"].update(changed)
    assert (field, reason) in said(server.create(manifest, served))


def test_a_version_that_only_the_server_gives_is_told_of_no_object_with_other_faults(
    served: Definitions,
) -> None:
    """It is looked at last of a new object, and first of a replacement."""
    kept, faulty = server.create(gate(), served).stored, gate(size="large")
    assert kept is not None
    faulty["metadata"]["resourceVersion"] = "7"
    assert [field for field, _ in said(server.create(faulty, served))] == ["spec.size"]
    assert said(server.update(faulty, kept, served)) == [("metadata.resourceVersion", "Conflict")]


@pytest.mark.parametrize(
    "changed",
    [
        {"labels": None},
        {"labels": {"a": None}},
        {"annotations": {"Example.com/A": "{}"}},
        {"name": None, "generateName": "front-"},
        {"finalizers": ["example.com/close"]},
        {"creationTimestamp": None},
        {"creationTimestamp": "2026-01-01T00:00:00.5+02:00"},
        {"uid": "1", "generation": -1, "deletionTimestamp": "2026-01-01T00:00:00Z"},
        {"generation": 1.0},
        {"resourceVersion": "²"},
        {"name": None, "generateName": "a" * 57 + ".b-"},
        {"ownerReferences": [owner(controller=True), owner(controller=True)]},
        {"ownerReferences": [owner(), owner(name="other")]},
    ],
)
def test_metadata_that_is_allowed(served: Definitions, changed: dict[str, Any]) -> None:
    manifest = gate()
    manifest["metadata"].update(changed)
    assert server.create(manifest, served).word == "accepted"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": "GATE"}, "kind"),
        ({"apiVersion": "example.com/v0"}, "apiVersion"),
        ({"apiVersion": None}, "apiVersion"),
        ({"kind": ["Gate"]}, "kind"),
    ],
)
def test_what_is_not_served_is_not_found(
    served: Definitions, changed: dict[str, Any], field: str
) -> None:
    verdict = server.create({**gate(), **changed}, served)
    assert [(it.field, it.check) for it in verdict.causes] == [(field, "discovery")]


def test_status_is_dropped_and_its_unknown_fields_are_refused(served: Definitions) -> None:
    kept = server.create({**gate(), "status": {"ready": True}}, served)
    assert kept.stored is not None
    assert kept.stored["status"] == {"ready": False}
    refused = server.create({**gate(), "status": {"raedy": True}}, served)
    assert said(refused) == [("status.raedy", "UnknownField")]


def test_a_replacement_names_the_object_that_it_replaces(served: Definitions) -> None:
    kept = server.create(gate(), served).stored
    assert kept is not None
    assert server.update(gate(size=5), kept, served).word == "accepted"
    other = gate()
    other["metadata"]["name"] = "back"
    assert said(server.update(other, kept, served)) == [("metadata.name", "BadRequest")]


@pytest.mark.parametrize(
    ("changed", "field", "reason"),
    [
        ({"uid": "1"}, "metadata.uid", "Conflict"),
        ({"resourceVersion": "7"}, "metadata.resourceVersion", "Conflict"),
        ({"resourceVersion": "0"}, "metadata.resourceVersion", "FieldValueInvalid"),
        (
            {"deletionTimestamp": "2026-01-01T00:00:00Z"},
            "metadata.deletionTimestamp",
            "FieldValueInvalid",
        ),
        (
            {"deletionGracePeriodSeconds": 0},
            "metadata.deletionGracePeriodSeconds",
            "FieldValueInvalid",
        ),
    ],
)
def test_what_the_server_makes_is_not_replaced(
    served: Definitions, changed: dict[str, Any], field: str, reason: str
) -> None:
    first = gate()
    first["metadata"].update({"uid": "1", "deletionTimestamp": "2026-01-01T00:00:00Z"})
    kept = server.create(first, served).stored
    assert kept is not None
    second = gate()
    second["metadata"].update(changed)
    assert said(server.update(second, kept, served)) == [(field, reason)]
    second["metadata"] = {**gate()["metadata"], "generation": -1, "creationTimestamp": None}
    assert server.update(second, kept, served).word == "accepted"


@pytest.mark.parametrize(
    ("number", "text"),
    [(50.0, "50"), (1e6, "1e+06"), (9.223372036854776e18, "9.223372036854776e+18"), (0.5, "0.5")],
)
def test_numbers_are_printed_as_the_server_prints_them(number: float, text: str) -> None:
    assert as_go_prints(number) == text


def test_the_definition_of_the_tests_has_every_family_of_rule() -> None:
    """Who takes a family out of it would make tests here hold of nothing."""
    text = str(SPEC)
    for family in ("set", "map", "int-or-string", "preserve", "nullable", "oldSelf", "default"):
        assert family in text
