"""What the library chart can do besides: each feature rendered by both Helms."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
import yaml

from tests.skeletons.shipped.answers import DEPLOYMENTS
from tests.skeletons.shipped.custom_resources import judge_custom_resources
from tests.skeletons.shipped.gitops import HELMS, Manifest, Repository, is_custom, validate_kubernetes
from tests.skeletons.shipped.library_values import DIGEST, GATEWAY, SEALED
from tests.skeletons.shipped.world import SKELETONS, run
from tests.tools.helm import Version

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


def test_every_object_fits_the_schemas(rendered: dict[str, list[Manifest]]) -> None:
    every = [manifest for manifests in rendered.values() for manifest in manifests]
    custom = [manifest for manifest in every if is_custom(manifest)]

    validate_kubernetes([manifest for manifest in every if not is_custom(manifest)])
    assert judge_custom_resources(custom) == [[] for _ in custom]
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


def test_what_is_generated_of_the_library_is_written() -> None:
    run([sys.executable, SKELETONS.parent / "scripts" / "library_chart.py", "--check"], SKELETONS)
