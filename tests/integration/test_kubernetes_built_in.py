"""The kinds that every cluster has are judged beyond their types, as `make k8s-judge` does it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_kubernetes_judge import case, judge
from tests.support.definitions import write_definition
from tools.kubernetes import environment

GONE = object()
LABELS = {"app": "a"}
CONTAINER = {"name": "a", "image": "i:1"}
MATCHING = {"matchLabels": LABELS}
POD = {"containers": [CONTAINER]}
TASK = {"template": {"spec": {"restartPolicy": "Never", **POD}}}
RBAC = "rbac.authorization.k8s.io"
METRIC = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
}
SOUND: dict[str, dict[str, Any]] = {
    "v1 Pod": {"spec": POD},
    "v1 Service": {"spec": {"selector": LABELS, "ports": [{"port": 80}]}},
    "v1 ConfigMap": {"data": {"k": "v"}},
    "v1 Secret": {"data": {"k": "dg=="}},
    "v1 Namespace": {},
    "v1 ServiceAccount": {},
    "v1 ResourceQuota": {"spec": {"hard": {"pods": "10", "requests.cpu": "1"}}},
    "v1 PersistentVolumeClaim": {
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        }
    },
    "apps/v1 Deployment": {
        "spec": {"selector": MATCHING, "template": {"metadata": {"labels": LABELS}, "spec": POD}}
    },
    "batch/v1 Job": {"spec": TASK},
    "batch/v1 CronJob": {
        "spec": {"schedule": "*/5 * * JAN mon-fri", "jobTemplate": {"spec": TASK}}
    },
    "policy/v1 PodDisruptionBudget": {"spec": {"minAvailable": "50%", "selector": MATCHING}},
    "autoscaling/v2 HorizontalPodAutoscaler": {
        "spec": {
            "maxReplicas": 3,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"},
            "metrics": [METRIC],
        }
    },
    "networking.k8s.io/v1 NetworkPolicy": {
        "spec": {
            "podSelector": {},
            "ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": 80, "endPort": 90}]}],
        }
    },
    f"{RBAC}/v1 Role": {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
    f"{RBAC}/v1 RoleBinding": {
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "a"},
        "subjects": [{"kind": "ServiceAccount", "name": "a", "namespace": "n"}],
    },
    "scheduling.k8s.io/v1 PriorityClass": {"value": 10},
    "storage.k8s.io/v1 StorageClass": {"provisioner": "ebs.csi.aws.com"},
}
FIRST = "spec.containers.0"
MOUNT = [{"name": "v", "mountPath": "/v"}]
VOLUME = [{"name": "v", "emptyDir": {}}]
REFUSED: dict[str, list[tuple[str, Any]]] = {
    "Pod": [
        ("spec", None),
        ("spec.containers", []),
        ("spec.containers", [CONTAINER, CONTAINER]),
        ("spec.initContainers", [CONTAINER]),
        (f"{FIRST}.name", "A.b"),
        (f"{FIRST}.image", GONE),
        (f"{FIRST}.image", " i"),
        (f"{FIRST}.imagePullPolicy", "always"),
        (f"{FIRST}.ports", [{"containerPort": 0}]),
        (f"{FIRST}.ports", [{"containerPort": 1, "protocol": "tcp"}]),
        (f"{FIRST}.ports", [{"containerPort": 1, "name": "80"}]),
        (f"{FIRST}.ports", [{"containerPort": it, "name": "http"} for it in (1, 2)]),
        (f"{FIRST}.env", [{"name": "A=B"}]),
        (f"{FIRST}.env", [{"name": "A", "valueFrom": {}}]),
        (f"{FIRST}.env", [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.x"}}}]),
        (f"{FIRST}.volumeMounts", MOUNT),
        (f"{FIRST}.resources", {"requests": {"cpu": "1001m"}, "limits": {"cpu": 1}}),
        (f"{FIRST}.resources", {"requests": {"memory": "1Gi"}, "limits": {"memory": "1G"}}),
        (f"{FIRST}.resources", {"requests": {"cpu": "1 core"}}),
        (f"{FIRST}.resources", {"requests": {"cpu": "-1"}}),
        (f"{FIRST}.resources", {"limits": {"cpus": "1"}}),
        (f"{FIRST}.livenessProbe", {"periodSeconds": 1}),
        (f"{FIRST}.livenessProbe", {"tcpSocket": {"port": 80}, "successThreshold": 2}),
        (f"{FIRST}.readinessProbe", {"tcpSocket": {"port": 80}, "httpGet": {"port": 80}}),
        (f"{FIRST}.securityContext", {"privileged": True, "allowPrivilegeEscalation": False}),
        ("spec.volumes", VOLUME * 2),
        ("spec.volumes", [{**VOLUME[0], "secret": {"secretName": "s"}}]),
        ("spec.restartPolicy", "never"),
        ("spec.nodeSelector", {"a b": "c"}),
        ("spec.tolerations", [{"operator": "Exists", "value": "x"}]),
        ("spec.tolerations", [{"key": "a", "tolerationSeconds": 3}]),
    ],
    "Deployment": [
        ("spec.selector", {}),
        ("spec.selector.matchExpressions", [{"key": "a", "operator": "In"}]),
        ("spec.template.metadata.labels", {"app": "b"}),
        ("spec.template.spec.restartPolicy", "Never"),
        ("spec.template.spec.containers.0.volumeMounts", MOUNT),
        ("spec.replicas", -1),
        ("spec.strategy", {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}),
        ("spec.strategy", {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}}),
        ("spec.strategy", {"rollingUpdate": {"maxUnavailable": "101%"}}),
        ("spec.progressDeadlineSeconds", 0),
    ],
    "Service": [
        ("metadata.name", "a.b"),
        ("spec.ports", []),
        ("spec.ports", [{"port": 80}, {"port": 81}]),
        ("spec.ports", [{"port": 80, "name": "a"}, {"port": 80, "name": "b"}]),
        ("spec.ports", [{"port": 80, "nodePort": 30_000}]),
        ("spec.type", "ExternalName"),
        ("spec.clusterIP", "10.0.0"),
    ],
    "ConfigMap": [
        ("data", {"a b": ""}),
        ("data", {"a": "x" * 2**20}),
        ("binaryData", {"k": "dg=="}),
        ("binaryData", {"b": "!"}),
    ],
    "Secret": [
        ("data", {"k": "v"}),
        ("type", "kubernetes.io/tls"),
        ("type", "kubernetes.io/basic-auth"),
    ],
    "Namespace": [("metadata.name", "a.b")],
    "Job": [
        ("spec.template.spec.restartPolicy", GONE),
        ("spec.selector", MATCHING),
        ("spec.parallelism", -1),
    ],
    "CronJob": [
        ("metadata.name", "a" * 53),
        ("spec.concurrencyPolicy", "No"),
        *(
            ("spec.schedule", it)
            for it in ("", "daily", "60 * * * *", "* * * * * *", "5-1 * * * *", "*/0 * * * *")
        ),
    ],
    "PodDisruptionBudget": [("spec.maxUnavailable", 1), ("spec.minAvailable", "half")],
    "HorizontalPodAutoscaler": [
        ("spec.minReplicas", 4),
        ("spec.metrics.0.type", "Pods"),
        ("spec.metrics.0.resource.target.averageUtilization", 0),
    ],
    "NetworkPolicy": [
        ("spec.ingress.0.from", [{}]),
        ("spec.ingress.0.from", [{"ipBlock": {"cidr": "10.0.0.0/33"}}]),
        ("spec.ingress.0.from", [{"ipBlock": {"cidr": "10.0.0.0/16", "except": ["10.1.0.0/24"]}}]),
        ("spec.ingress.0.ports.0.endPort", 79),
        ("spec.ingress.0.ports.0.port", "http"),
    ],
    "Role": [("metadata.name", "a/b"), ("rules.0.verbs", []), ("rules.0.resources", [])],
    "RoleBinding": [
        ("roleRef.kind", "User"),
        ("subjects", [{"kind": "ServiceAccount", "name": "a"}]),
    ],
    "ResourceQuota": [("spec.hard", {"pods": "1.5"}), ("spec.scopes", ["x"])],
    "PriorityClass": [("metadata.name", "system-a"), ("value", 10**9 + 1)],
    "PersistentVolumeClaim": [("spec.accessModes", []), ("spec.resources", {})],
}
ALLOWED: dict[str, list[tuple[str, Any]]] = {
    "Pod": [
        (f"{FIRST}.resources", {"requests": {"cpu": "1000m"}, "limits": {"cpu": 1}}),
        (f"{FIRST}.readinessProbe", {"tcpSocket": {"port": "http"}, "successThreshold": 2}),
    ],
    "Service": [
        ("spec.ports", [{"port": 1, "name": it, "protocol": it.upper()} for it in ("tcp", "udp")])
    ],
    "CronJob": [("spec.schedule", "@daily")],
    "Role": [("metadata.name", "system:a:B")],
    "Namespace": [("metadata.labels", None)],
}
UPDATES: list[tuple[str, str, Any, str]] = [
    ("Pod", f"{FIRST}.image", "i:2", "accepted"),
    ("Pod", f"{FIRST}.name", "b", "refused"),
    ("Pod", "spec.nodeSelector", LABELS, "refused"),
    ("Deployment", "spec.replicas", 5, "accepted"),
    ("Deployment", "spec.selector.matchLabels", {}, "refused"),
    ("Job", "spec.parallelism", 2, "accepted"),
    ("Job", "spec.template.spec.containers.0.image", "i:2", "refused"),
    ("Secret", "type", "a/b", "refused"),
    ("RoleBinding", "roleRef.name", "b", "refused"),
    ("PriorityClass", "value", 11, "refused"),
    ("StorageClass", "parameters", {"type": "gp3"}, "refused"),
    ("PersistentVolumeClaim", "spec.resources.requests.storage", "2Gi", "accepted"),
    ("PersistentVolumeClaim", "spec.resources.requests.storage", "1M", "refused"),
    ("PersistentVolumeClaim", "spec.accessModes", ["ReadOnlyMany"], "refused"),
]


def sound(kind: str) -> dict[str, Any]:
    """An object of that kind that any server takes."""
    named = next(it for it in SOUND if it.endswith(f" {kind}"))
    head = {"apiVersion": named.split()[0], "kind": kind, "metadata": {"name": "a"}}
    return {**head, **copy.deepcopy(SOUND[named])}


def changed(kind: str, path: str, value: Any) -> dict[str, Any]:
    """The same with one field of another value, or without it."""
    found = sound(kind)
    *parents, last = path.split(".")
    at: Any = found
    for name in parents:
        at = at[int(name)] if isinstance(at, list) else at.setdefault(name, {})
    if value is GONE:
        del at[last]
    else:
        at[last] = value
    return found


def test_each_kind_is_judged_beyond_its_types(tmp_path: Path) -> None:
    environment.install()
    write_definition(tmp_path)
    lines: list[tuple[str, bytes, str]] = []
    for named in SOUND:
        kind = named.split()[1]
        lines.append((f"{kind} as it is", case(f"{kind} as it is", sound(kind)), "accepted"))
    for word, table in (("refused", REFUSED), ("accepted", ALLOWED)):
        for kind, changes in table.items():
            for path, value in changes:
                name = f"{kind} {path} {'gone' if value is GONE else json.dumps(value)[:60]}"
                lines.append((name, case(name, changed(kind, path, value)), word))
    for kind, path, value, word in UPDATES:
        name = f"{kind} {path} is then {json.dumps(value)}"
        lines.append((name, case(name, sound(kind), changed(kind, path, value)), word))
    _, verdicts, _ = judge(tmp_path, b"".join(it[1] for it in lines), f"--crds={tmp_path}")
    other = [
        (name, wanted, found)
        for (name, _, wanted), found in zip(lines, verdicts, strict=True)
        if found["verdict"] != wanted
    ]
    assert other == []


@pytest.mark.parametrize("word", ["immutable", "data"])
def test_what_is_said_to_be_immutable_stays(tmp_path: Path, word: str) -> None:
    environment.install()
    write_definition(tmp_path)
    kept = {**sound("ConfigMap"), "immutable": True}
    other = {**kept, word: False if word == "immutable" else {"k": "w"}}
    text = case("same", kept, kept) + case("other", kept, other)
    _, verdicts, _ = judge(tmp_path, text, f"--crds={tmp_path}")
    assert [it["verdict"] for it in verdicts] == ["accepted", "refused"]


def test_a_version_that_only_the_server_gives_is_told_as_of_every_other_kind(
    tmp_path: Path,
) -> None:
    """Of a new object last, when it has no other fault; of a replacement first, and alone."""
    environment.install()
    write_definition(tmp_path)
    faulty, kept = changed("Service", "spec.ports.0.port", 0), sound("Service")
    versioned = copy.deepcopy((faulty, kept))
    for it in versioned:
        it["metadata"]["resourceVersion"] = "7"
    text = case("new, faulty", versioned[0]) + case("new", versioned[1])
    text += case("then, faulty", kept, versioned[0]) + case("then", kept, versioned[1])
    _, verdicts, _ = judge(tmp_path, text, f"--crds={tmp_path}")
    told = [[cause["field"] for cause in it["causes"]] for it in verdicts]
    version = ["metadata.resourceVersion"]
    assert told == [["spec.ports[0].port"], version, version, version]
