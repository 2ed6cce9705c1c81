"""What the library chart can do besides: each feature rendered by both Helms, and every value judged before."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.skeletons.shipped.answers import DEPLOYMENTS
from tests.skeletons.shipped.custom_resources import judge_custom_resources
from tests.skeletons.shipped.gitops import HELMS, Manifest, Repository, is_custom, validate_kubernetes
from tests.skeletons.shipped.world import SKELETONS, run
from tests.tools.helm import Version

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
SEALED = "AgB" + "x" * 60
GATEWAY = {"enabled": True, "parentRefs": [{"name": "public", "namespace": "gateways"}]}

FEATURES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a canary that a gateway divides": (
        {
            "rollout": {
                "strategy": "canary",
                "canary": {
                    "steps": [{"setWeight": 10}, {"pause": {"duration": "2m"}}, {"pause": {}}],
                    "trafficRouting": {"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "inner"}}},
                },
            },
            "route": {**GATEWAY, "hostnames": ["shop.example.com"], "paths": ["/", "/api"]},
            "autoscaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 4},
        },
        ["HorizontalPodAutoscaler", "HTTPRoute", "PodDisruptionBudget", "Rollout", "Service", "Service"],
    ),
    "a canary by numbers of pods": (
        {"rollout": {"strategy": "canary"}},
        ["PodDisruptionBudget", "Rollout", "Service"],
    ),
    "blue and green": (
        {
            "rollout": {
                "strategy": "blueGreen",
                "blueGreen": {
                    "autoPromote": False,
                    "autoPromoteSeconds": 60,
                    "previewReplicas": 1,
                    "prePromotionAnalysis": ["smoke"],
                    "postPromotionAnalysis": ["errors"],
                },
            },
            "serviceMonitor": {"enabled": True},
        },
        ["PodDisruptionBudget", "Rollout", "Service", "Service", "ServiceMonitor"],
    ),
    "jobs": (
        {
            "env": {"MODE": "web", "PASSWORD": {"valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}},
            "configFiles": {"path": "/etc/service", "files": {"settings.yaml": "a: 1\n", "x.txt": "{{ no template }}"}},
            "jobs": {
                "migrate": {"command": ["python", "-m", "migrate"], "env": {"MODE": "job"}, "backoffLimit": 0},
                "warm-up": {"args": ["warm"], "when": "after", "activeDeadlineSeconds": 600},
            },
            "cronJobs": {
                "tidy": {
                    "schedule": "0 3 * * *",
                    "command": ["tidy"],
                    "timeZone": "Europe/Berlin",
                    "image": "registry.example.com/tools:1.0.0",
                    "envFrom": [{"secretRef": {"name": "tidy"}}],
                    "resources": {"requests": {"cpu": "10m"}},
                    "suspend": True,
                }
            },
        },
        ["ConfigMap", "CronJob", "Deployment", "Job", "Job", "PodDisruptionBudget", "Service"],
    ),
    "secrets": (
        {
            "sealedSecrets": {
                "db": {"encryptedData": {"PASSWORD": SEALED}},
                "tls.example": {
                    "encryptedData": {"tls.key": SEALED},
                    "type": "kubernetes.io/tls",
                    "scope": "cluster-wide",
                },
            },
            "externalSecrets": {
                "api": {"store": "vault", "data": {"KEY": {"key": "api", "property": "key"}}},
                "all": {"store": "aws", "storeKind": "SecretStore", "dataFrom": ["billing"], "refreshInterval": "15m"},
            },
            "envFrom": [{"secretRef": {"name": "db"}}],
        },
        [
            "Deployment",
            "ExternalSecret",
            "ExternalSecret",
            "PodDisruptionBudget",
            "SealedSecret",
            "SealedSecret",
            "Service",
        ],
    ),
    "observation": (
        {
            "prometheusRule": {
                "enabled": True,
                "labels": {"release": "prometheus"},
                "rules": [
                    {"alert": "Slow", "expr": "latency > 1", "for": "10m", "labels": {"severity": "page"}},
                    {"record": "billing:rate", "expr": "rate(requests_total[5m])"},
                ],
            },
            "dashboard": {"enabled": True},
        },
        ["ConfigMap", "Deployment", "PodDisruptionBudget", "PrometheusRule", "Service"],
    ),
    "a volume": (
        {"replicas": 1, "persistence": {"enabled": True, "size": "10Gi", "storageClass": "gp3", "keep": True}},
        ["Deployment", "PersistentVolumeClaim", "PodDisruptionBudget", "Service"],
    ),
    "network": (
        {
            "ports": [{"name": "admin", "port": 9000}, {"name": "dns", "port": 5353, "protocol": "UDP"}],
            "service": {"annotations": {"example.com/a": "1"}},
            "ingress": {
                "enabled": True,
                "host": "shop.example.com",
                "tlsSecret": "shop.example.com",
                "hosts": [
                    {"host": "www.example.com", "paths": ["/a", "/b"]},
                    {"host": "*.example.org", "tlsSecret": "org"},
                ],
            },
            "networkPolicy": {
                "enabled": True,
                "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}],
                "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 5432, "protocol": "TCP"}]}],
            },
            "route": {**GATEWAY, "rules": [{"matches": [{"headers": [{"name": "x", "value": "1"}]}]}]},
        },
        ["Deployment", "HTTPRoute", "Ingress", "NetworkPolicy", "PodDisruptionBudget", "Service"],
    ),
    "pods": (
        {
            "image": {"digest": DIGEST},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "50%", "maxUnavailable": 0}},
            "revisionHistoryLimit": 2,
            "podLabels": {"team": "payments"},
            "priorityClassName": "important",
            "initContainers": [{"name": "wait", "image": "registry.example.com/wait:1", "command": ["wait"]}],
            "sidecars": [{"name": "proxy", "image": "registry.example.com/proxy:1", "ports": [{"containerPort": 1}]}],
            "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}],
            "autoscaling": {
                "enabled": True,
                "targetCPU": 0,
                "targetMemory": 80,
                "metrics": [
                    {
                        "type": "Pods",
                        "pods": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "10"}},
                    }
                ],
                "behavior": {"scaleDown": {"stabilizationWindowSeconds": 600}},
            },
            "probes": {"liveness": {"periodSeconds": 20}, "readiness": {"timeoutSeconds": 3, "failureThreshold": 2}},
        },
        ["Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Service"],
    ),
    "a namespace of its own": (
        {
            "namespace": {"create": True, "labels": {"team": "payments"}},
            "extraObjects": [
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "more"}, "data": {"a": "{{ b }}"}}
            ],
        },
        ["ConfigMap", "Deployment", "Namespace", "PodDisruptionBudget", "Service"],
    ),
}


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[Version, Repository]:
    made = {major: Repository(tmp_path_factory.mktemp(f"helm{major}-"), major) for major in HELMS}
    for repository in made.values():
        repository.deploy({"service": "inner", **DEPLOYMENTS["inner"]})
    return made


@pytest.fixture(scope="module")
def rendered(repositories: dict[Version, Repository]) -> dict[str, list[Manifest]]:
    """The objects of each feature as Helm 4 renders them, without the account of the service."""
    return {name: features(repositories["4"], values) for name, (values, _) in FEATURES.items()}


def features(repository: Repository, values: dict[str, Any]) -> list[Manifest]:
    file = repository.folder / "more.yaml"
    file.write_text(yaml.safe_dump({"workload": values}), encoding="utf-8")
    manifests = repository.render("inner", None, "--values", str(file))
    return [manifest for manifest in manifests if manifest["kind"] != "ServiceAccount"]


def one(manifests: list[Manifest], kind: str, name: str = "inner") -> Manifest:
    (found,) = (each for each in manifests if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_makes_its_objects(rendered: dict[str, list[Manifest]], name: str) -> None:
    assert sorted((each["kind"] for each in rendered[name]), key=str.lower) == FEATURES[name][1]
    ours = [each for each in rendered[name] if each["metadata"]["name"] != "more"]
    assert {each["metadata"]["labels"]["backstage.io/kubernetes-id"] for each in ours} == {"inner"}


def test_every_object_fits_the_schemas(rendered: dict[str, list[Manifest]], tmp_path: Path) -> None:
    every = [manifest for manifests in rendered.values() for manifest in manifests]
    for number, (name, manifests) in enumerate(rendered.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        validate_kubernetes([each for each in manifests if not is_custom(each)], folder)
        assert judge_custom_resources([each for each in manifests if is_custom(each)]) == [
            [] for each in manifests if is_custom(each)
        ], name
    assert {"Rollout", "HTTPRoute", "SealedSecret", "ExternalSecret", "PrometheusRule"} <= {m["kind"] for m in every}


def test_both_helms_make_the_same(repositories: dict[Version, Repository], rendered: dict[str, list[Manifest]]) -> None:
    for name, (values, _) in FEATURES.items():
        assert features(repositories["3"], values) == rendered[name], name


def test_only_the_pods_of_the_service_are_found_by_its_selectors(rendered: dict[str, list[Manifest]]) -> None:
    manifests = rendered["jobs"]
    selector = one(manifests, "Service")["spec"]["selector"]
    job, cron = one(manifests, "Job", "inner-migrate"), one(manifests, "CronJob", "inner-tidy")

    assert selector.items() <= one(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"].items()
    for template in (job["spec"]["template"], cron["spec"]["jobTemplate"]["spec"]["template"]):
        assert not selector.items() <= template["metadata"]["labels"].items()


def test_a_second_service_is_not_scraped(rendered: dict[str, list[Manifest]]) -> None:
    manifests = rendered["blue and green"]
    found = one(manifests, "ServiceMonitor")["spec"]["selector"]["matchLabels"]

    assert found.items() <= one(manifests, "Service")["metadata"]["labels"].items()
    assert not found.items() <= one(manifests, "Service", "inner-preview")["metadata"]["labels"].items()


def test_a_job_runs_after_what_it_needs_and_before_the_new_pods(rendered: dict[str, list[Manifest]]) -> None:
    def wave(manifest: Manifest) -> int:
        return int(manifest["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-wave", "0"))

    manifests = rendered["jobs"]
    job = one(manifests, "Job", "inner-migrate")

    assert wave(one(manifests, "ConfigMap", "inner-files")) < wave(job) < wave(one(manifests, "Deployment"))
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "post-install,pre-upgrade"
    assert one(manifests, "Job", "inner-warm-up")["metadata"]["annotations"]["argocd.argoproj.io/hook"] == "PostSync"
    assert {wave(each) for each in rendered["secrets"] if is_custom(each)} == {-2}


def test_a_job_has_the_environment_of_the_service_but_for_its_own(rendered: dict[str, list[Manifest]]) -> None:
    job = one(rendered["jobs"], "Job", "inner-migrate")
    (container,) = job["spec"]["template"]["spec"]["containers"]

    assert container["env"] == [
        {"name": "MODE", "value": "job"},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
    ]
    assert container["image"] == "registry.example.com/inner:0.1.0"
    assert job["spec"]["backoffLimit"] == 0
    assert one(rendered["jobs"], "CronJob", "inner-tidy")["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 2


def test_changed_files_replace_the_pods(repositories: dict[Version, Repository]) -> None:
    def pod(text: str) -> Any:
        values = {"configFiles": {"files": {"a.yaml": text}}}
        return one(features(repositories["4"], values), "Deployment")["spec"]["template"]["metadata"]["annotations"]

    assert pod("a: 1") != pod("a: 2")


def test_a_digest_is_part_of_the_image_and_of_no_label(
    repositories: dict[Version, Repository], rendered: dict[str, list[Manifest]]
) -> None:
    in_the_tag = features(repositories["4"], {"image": {"tag": f"0.1.0@{DIGEST}"}})

    for manifests in (rendered["pods"], in_the_tag):
        deployment = one(manifests, "Deployment")
        assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == (
            f"registry.example.com/inner:0.1.0@{DIGEST}"
        )
        assert deployment["metadata"]["labels"]["app.kubernetes.io/version"] == "0.1.0"


def test_a_rollout_scales_and_switches(rendered: dict[str, list[Manifest]]) -> None:
    canary = rendered["a canary that a gateway divides"]
    target = one(canary, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    behind = one(canary, "HTTPRoute")["spec"]["rules"][0]["backendRefs"]

    assert target == {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "inner"}
    assert [each["name"] for each in behind] == ["inner", "inner-canary"]
    strategy = one(rendered["blue and green"], "Rollout")["spec"]["strategy"]["blueGreen"]
    assert (strategy["activeService"], strategy["previewService"]) == ("inner", "inner-preview")
    assert strategy["autoPromotionEnabled"] is False


def test_pods_are_spread_unless_rules_say_how(rendered: dict[str, list[Manifest]]) -> None:
    def rules(name: str) -> list[dict[str, Any]]:
        spec: list[dict[str, Any]] = one(rendered[name], "Deployment")["spec"]["template"]["spec"][
            "topologySpreadConstraints"
        ]
        return spec

    selector = {"matchLabels": {"app.kubernetes.io/name": "inner", "app.kubernetes.io/instance": "inner"}}
    assert {each["whenUnsatisfiable"] for each in rules("jobs")} == {"ScheduleAnyway"}
    assert rules("pods") == [
        {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector}
    ]


def test_a_volume_for_one_pod_is_never_in_two(rendered: dict[str, list[Manifest]]) -> None:
    manifests = rendered["a volume"]

    assert one(manifests, "Deployment")["spec"]["strategy"] == {"type": "Recreate"}
    claim = one(manifests, "PersistentVolumeClaim")
    assert claim["metadata"]["annotations"]["argocd.argoproj.io/sync-options"] == "Delete=false,Prune=false"


def test_the_namespace_comes_first(rendered: dict[str, list[Manifest]]) -> None:
    namespace = one(rendered["a namespace of its own"], "Namespace")

    assert namespace["metadata"]["annotations"] == {"argocd.argoproj.io/sync-wave": "-3"}
    assert namespace["metadata"]["labels"]["team"] == "payments"


def test_the_dashboard_is_json_with_queries_about_these_pods(rendered: dict[str, list[Manifest]]) -> None:
    data = one(rendered["observation"], "ConfigMap", "inner-dashboard")["data"]
    dashboard = json.loads(data["inner-inner.json"])

    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(queries) == 5
    assert all('namespace="inner", pod=~"inner-.+"' in query for query in queries)


def test_an_alert_explains_itself_in_prometheus_own_template(rendered: dict[str, list[Manifest]]) -> None:
    rules = one(rendered["observation"], "PrometheusRule")["spec"]["groups"][0]["rules"]

    assert [each.get("alert") or each["record"] for each in rules] == [
        "PodsRestart",
        "PodsNotReady",
        "MemoryNearLimit",
        "Slow",
        "billing:rate",
    ]
    assert rules[2]["annotations"]["description"].startswith("{{ $value | humanizePercentage }}")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"resources": {"requests": {"cpu": "banana"}}}, "cpu"),
    ({"resources": {"limits": {"memory": "1 Gi"}}}, "memory"),
    ({"resources": {"limits": {"memory": "1gb"}}}, "memory"),
    ({"resources": {"limits": {"cpu": -1}}}, "cpu"),
    ({"resources": {"requests": {"memory": "2Gi"}, "limits": {"memory": "1Gi"}}}, "the limit of memory (1Gi) is below"),
    ({"resources": {"requests": {"cpu": "1500m"}, "limits": {"cpu": 1}}}, "the limit of cpu (1) is below"),
    ({"resources": {"claims": []}}, "claims"),
    ({"podSecurityContext": {"runAsNonroot": True}}, "runAsNonroot"),
    ({"podSecurityContext": {"runAsUser": "10001"}}, "runAsUser"),
    ({"podSecurityContext": {"seccompProfile": {"type": "runtimeDefault"}}}, "seccompProfile"),
    ({"securityContext": {"readOnlyRootFileSystem": True}}, "readOnlyRootFileSystem"),
    ({"securityContext": {"capabilities": {"drop": "ALL"}}}, "drop"),
    ({"securityContext": {"privileged": "no"}}, "privileged"),
    ({"shutdown": {"delay": 60}}, "delay (60 s) must be less than gracePeriod (40 s)"),
    ({"shutdown": {"delay": 40}}, "must be less than gracePeriod"),
    ({"shutdown": {"grace": 1}}, "grace"),
    ({"tolerations": [{"key": "a", "effect": "noSchedule"}]}, "effect"),
    ({"tolerations": [{"operator": "exists"}]}, "operator"),
    ({"tolerations": [{"kay": "a"}]}, "kay"),
    ({"affinity": {"podAntiAffinity": {"required": []}}}, "required"),
    ({"volumes": [{"emptyDir": {}}]}, "name"),
    ({"volumes": [{"name": "a", "emptydir": {}}]}, "emptydir"),
    ({"volumes": [{"name": "a", "secret": {"name": "b"}}]}, "name"),
    ({"volumeMounts": [{"name": "a"}]}, "mountPath"),
    ({"volumeMounts": [{"name": "a", "mountPath": "data"}]}, "mountPath"),
    ({"topologySpreadConstraints": [{"topologyKey": "a"}]}, "maxSkew"),
    (
        {"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "a", "whenUnsatisfiable": "Never"}]},
        "Unsatisfiable",
    ),
    ({"image": {"tag": "latest@" + DIGEST}}, "tag"),
    ({"image": {"tag": "1.0@sha256:abc"}}, "tag"),
    ({"image": {"digest": "abc"}}, "digest"),
    ({"image": {"tag": 2024}}, "tag"),
    ({"env": {"A B": "1"}}, "A B"),
    ({"env": {"A": {"value": "1"}}}, "value"),
    ({"env": {"A": {"valueFrom": {"secretKeyRef": {"name": "a"}}}}}, "key"),
    ({"env": {"A": True}}, "A"),
    ({"ports": [{"name": "http", "port": 1}]}, "name"),
    ({"ports": [{"name": "a", "port": 70000}]}, "port"),
    ({"ports": [{"name": "a", "port": 1}, {"name": "a", "port": 2}]}, "the name a is there twice"),
    ({"configFiles": {"files": {"a/b": "1"}}}, "a/b"),
    ({"configFiles": {"path": "etc"}}, "path"),
    ({"strategy": {"type": "BlueGreen"}}, "type"),
    ({"rollout": {"strategy": "bluegreen"}}, "strategy"),
    ({"rollout": {"strategy": "canary", "canary": {"steps": [{"setWeight": 101}]}}}, "setWeight"),
    ({"rollout": {"strategy": "canary", "canary": {"steps": [{"weight": 10}]}}}, "weight"),
    ({"rollout": {"strategy": "canary", "canary": {"steps": [{"pause": {"duration": "soon"}}]}}}, "duration"),
    ({"rollout": {"strategy": "blueGreen"}, "service": {"enabled": False}}, "blueGreen switches a service"),
    ({"rollout": {"strategy": "canary"}, "strategy": {"type": "Recreate"}}, "with workload.rollout.strategy"),
    ({"autoscaling": {"enabled": True, "targetCPU": 0}}, "nothing says when there are too few pods"),
    ({"autoscaling": {"enabled": True, "minReplicas": 9}}, "must not be greater than maxReplicas"),
    ({"autoscaling": {"metrics": [{"pods": {}}]}}, "type"),
    ({"persistence": {"enabled": True}}, "for one pod: set replicas to 1"),
    ({"persistence": {"enabled": True, "size": "ten"}}, "size"),
    ({"persistence": {"accessModes": ["RWO"]}}, "accessModes"),
    ({"replicas": 1, "persistence": {"enabled": True}, "rollout": {"strategy": "canary"}}, "old and new pods at once"),
    ({"ingress": {"enabled": True, "host": "Shop.example.com"}}, "host"),
    ({"ingress": {"enabled": True}}, "ingress"),
    ({"ingress": {"hosts": [{"name": "a.example.com"}]}}, "name"),
    ({"ingress": {"host": "a.example.com", "tlsSecret": "A_b"}}, "tlsSecret"),
    ({"route": {"enabled": True}}, "parentRefs"),
    ({"route": {"parentRefs": [{"namespace": "a"}]}}, "name"),
    ({"route": {**GATEWAY}, "service": {"enabled": False}}, "route"),
    ({"networkPolicy": {"from": [{"podselector": {}}]}}, "podselector"),
    ({"networkPolicy": {"egress": [{"to": [{"ipBlock": {}}]}]}}, "cidr"),
    ({"jobs": {"migrate": {}}}, "set command or args"),
    ({"jobs": {"Migrate": {"command": ["a"]}}}, "Migrate"),
    ({"jobs": {"migrate": {"command": "a"}}}, "command"),
    ({"jobs": {"migrate": {"command": ["a"], "when": "never"}}}, "when"),
    ({"jobs": {"a": {"command": ["a"]}}, "cronJobs": {"a": {"schedule": "@daily", "command": ["a"]}}}, "use two names"),
    ({"cronJobs": {"tidy": {"command": ["a"]}}}, "schedule"),
    ({"cronJobs": {"tidy": {"command": ["a"], "schedule": "every day"}}}, "schedule"),
    ({"cronJobs": {"tidy": {"command": ["a"], "schedule": "@daily", "concurrencyPolicy": "No"}}}, "concurrencyPolicy"),
    ({"sealedSecrets": {"db": {"data": {"A": SEALED}}}}, "data"),
    ({"sealedSecrets": {"db": {"encryptedData": {"A": "plain text"}}}}, "encryptedData"),
    ({"sealedSecrets": {"db": {"encryptedData": {"A": SEALED}, "scope": "cluster"}}}, "scope"),
    ({"externalSecrets": {"db": {"store": "a"}}}, "set data or dataFrom"),
    ({"externalSecrets": {"db": {"data": {"A": {"key": "a"}}}}}, "store"),
    (
        {
            "externalSecrets": {"db": {"store": "a", "dataFrom": ["a"]}},
            "sealedSecrets": {"db": {"encryptedData": {"A": SEALED}}},
        },
        "both would write the same secret",
    ),
    ({"prometheusRule": {"rules": [{"alert": "A"}]}}, "expr"),
    ({"prometheusRule": {"rules": [{"alert": "A", "expr": "a", "for": "10 min"}]}}, "for"),
    ({"prometheusRule": {"rules": [{"alert": "A", "record": "b", "expr": "a"}]}}, "rules"),
    ({"initContainers": [{"image": "a:1"}]}, "name"),
    ({"sidecars": [{"name": "a", "imagePullPolicy": "always"}]}, "imagePullPolicy"),
    ({"serviceAccount": {"annotations": {"a": True}}}, "annotations"),
    ({"namespace": {"labels": {"a": 1}}}, "labels"),
    ({"extraObjects": [{"kind": "ConfigMap"}]}, "apiVersion"),
    ({"nodeSelector": {"a": True}}, "nodeSelector"),
    ({"spread": [""]}, "spread"),
]


@pytest.mark.parametrize("number", range(len(WRONG)), ids=lambda number: str(WRONG[number][0])[:60])
def test_a_wrong_value_is_refused(repositories: dict[Version, Repository], tmp_path: Path, number: int) -> None:
    values, complaint = WRONG[number]
    file = tmp_path / "wrong.yaml"
    file.write_text(yaml.safe_dump({"workload": values}), encoding="utf-8")

    said = repositories[HELMS[number % 2]].try_to_render("inner", None, "--values", str(file))

    assert said.returncode != 0
    assert complaint in said.stderr


RIGHT: list[dict[str, Any]] = [
    {"resources": {"requests": {"cpu": 0.5, "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}}},
    {"resources": {"requests": {"memory": "1G"}, "limits": {"memory": "1Gi"}}},
    {"resources": {"requests": {"cpu": "1e-1"}, "limits": {"cpu": ".5", "memory": 1000000000}}},
    {"resources": {"requests": {"nvidia.com/gpu": 1}, "limits": {"nvidia.com/gpu": 1, "memory": "1Gi"}}},
    {"resources": {"limits": {"memory": None}}},
    {"podSecurityContext": {"fsGroupChangePolicy": "OnRootMismatch", "supplementalGroups": [1, 2]}},
    {"podSecurityContext": {"sysctls": [{"name": "net.core.somaxconn", "value": "1024"}]}},
    {"podSecurityContext": {"runAsUser": None}},
    {"securityContext": {"seccompProfile": {"type": "Localhost", "localhostProfile": "a.json"}}},
    {"securityContext": {"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}},
    {"shutdown": {"delay": 0, "gracePeriod": 1}},
    {"tolerations": [{"operator": "Exists"}]},
    {"tolerations": [{"key": "a", "value": "b", "effect": "NoExecute", "tolerationSeconds": 60}]},
    {
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}]
                }
            }
        }
    },
    {"volumes": [{"name": "a", "projected": {"sources": [{"configMap": {"name": "b"}}]}}]},
    {"volumes": [{"name": "a", "csi": {"driver": "secrets", "volumeAttributes": {"x": "z"}}}]},
    {"volumes": [{"name": "a", "hostPath": {"path": "/var/log"}}]},
    {"volumeMounts": [{"name": "tmp", "mountPath": "/scratch", "subPath": "var", "readOnly": False}]},
    {"spread": []},
    {"image": {"tag": "2024.01.01-1e3"}},
    {"image": {"tag": f"1.0.0@{DIGEST}"}},
    {"env": {"my.setting-name": "1"}},
    {"env": {"NODE": {"valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}}},
    {"env": {"LIMIT": {"valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}}}},
    {"ports": [{"name": "grpc", "port": 9000, "protocol": "TCP"}]},
    {"configFiles": {"files": {".env": "A=1", "a.b-c_d": ""}}},
    {"strategy": {"type": "Recreate"}},
    {"rollout": {"strategy": "canary", "canary": {"steps": [{"setWeight": 5}, {"pause": {"duration": 30}}]}}},
    {"rollout": {"strategy": "canary", "canary": {"maxSurge": 1, "maxUnavailable": "10%"}}},
    {"autoscaling": {"enabled": True, "targetCPU": 60, "targetMemory": 70}},
    {"replicas": 0},
    {"replicas": 1, "persistence": {"enabled": True, "accessModes": ["ReadWriteOncePod"]}},
    {"persistence": {"enabled": True, "accessModes": ["ReadWriteMany"]}},
    {"ingress": {"enabled": True, "hosts": [{"host": "a.example.com"}]}},
    {"ingress": {"enabled": True, "host": "*.example.com", "tlsSecret": "wildcard.example.com"}},
    {"route": {"enabled": True, "parentRefs": [{"name": "a", "sectionName": "https", "port": 443}]}},
    {"networkPolicy": {"enabled": True, "from": []}},
    {"networkPolicy": {"enabled": True, "from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]}},
    {"jobs": {"migrate": {"args": ["migrate"]}}},
    {
        "cronJobs": {
            "a": {"schedule": "*/5 1-3 * * MON", "args": ["a"]},
            "b": {"schedule": "@weekly", "args": ["b"]},
        }
    },
    {"externalSecrets": {"db": {"store": "a", "refreshInterval": "0", "dataFrom": ["a", "b"]}}},
    {"prometheusRule": {"enabled": True, "builtIn": False, "rules": [{"record": "a:b", "expr": "1"}]}},
    {"prometheusRule": {"enabled": True, "builtIn": False}},
    {"global": {"anything": [1, {"a": True}]}},
    {"serviceAccount": {"create": False, "name": "shared"}},
]


@pytest.mark.parametrize("number", range(len(RIGHT)), ids=lambda number: str(RIGHT[number])[:60])
def test_a_right_value_is_accepted(repositories: dict[Version, Repository], number: int) -> None:
    assert features(repositories[HELMS[number % 2]], RIGHT[number])


def test_what_is_generated_of_the_library_is_written() -> None:
    run([sys.executable, SKELETONS.parent / "scripts" / "library_chart.py", "--check"], SKELETONS)
