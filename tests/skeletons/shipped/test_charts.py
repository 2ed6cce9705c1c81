"""The library chart and the deployments that share it, as Helm 3 and Helm 4 render them."""

from __future__ import annotations

import copy
import itertools
import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.skeletons.shipped.answers import DEPLOYMENTS, LIBRARY
from tests.skeletons.shipped.custom_resources import judge_custom_resources
from tests.skeletons.shipped.gitops import HELMS, Manifest, Repository, is_custom, validate_kubernetes
from tests.skeletons.shipped.world import bake, run
from tests.tools.helm import Version, helm

ENVIRONMENTS: dict[str, list[str | None]] = {
    "billing": ["dev", "production", "qa"],
    "orders": ["production"],
    "true": [None],
    "inner": [None],
}

KINDS = [
    "Deployment",
    "HorizontalPodAutoscaler",
    "Ingress",
    "Namespace",
    "PodDisruptionBudget",
    "Service",
    "ServiceAccount",
    "ServiceMonitor",
]
EVERYTHING: dict[str, Any] = {
    "name": "all-of-it",
    "image": {
        "repository": "registry.example.com/all",
        "tag": "1.0.0",
        "pullPolicy": "Always",
        "pullSecrets": ["pull"],
    },
    "replicas": 3,
    "command": ["python", "-m", "service"],
    "args": ["--verbose", "true"],
    "port": 9000,
    "env": {"ON": "true", "COUNT": "1000000", "TEXT": 'it\'s "quoted": #1\nand long'},
    "envFrom": [{"secretRef": {"name": "s", "optional": True}}, {"prefix": "P_", "configMapRef": {"name": "c"}}],
    "resources": {"requests": {"cpu": 1, "memory": "1Gi", "ephemeral-storage": "1Gi"}, "limits": {"memory": "2Gi"}},
    "probes": {"liveness": {"path": "/l"}, "readiness": {"path": "/r"}, "startup": {"path": "/s", "seconds": 120}},
    "shutdown": {"delay": 7, "gracePeriod": 60},
    "volumes": [{"name": "cache", "emptyDir": {"sizeLimit": "1Gi"}}],
    "volumeMounts": [{"name": "cache", "mountPath": "/cache"}],
    "podSecurityContext": {"runAsUser": 2000000},
    "securityContext": {"capabilities": {"add": ["NET_BIND_SERVICE"]}},
    "podAnnotations": {"example.com/a": "true"},
    "nodeSelector": {"kubernetes.io/arch": "arm64"},
    "tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "zone"}]}},
    "service": {"port": 8080},
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "host": "*.example.com",
        "path": "/all",
        "tlsSecret": "tls",
        "annotations": {"example.com/b": "1"},
    },
    "autoscaling": {"enabled": True, "minReplicas": 3, "maxReplicas": 9, "targetCPU": 60},
    "podDisruptionBudget": {"maxUnavailable": "25%"},
    "serviceMonitor": {"enabled": True, "path": "/m", "interval": "1m", "labels": {"release": "prometheus"}},
    "serviceAccount": {"name": "robot", "annotations": {"example.com/role": "r"}, "automountToken": True},
}
WORKER: dict[str, Any] = {
    "shutdown": {"delay": 0},
    "service": {"enabled": False},
    "ingress": {"enabled": False},
    "serviceMonitor": {"enabled": False},
    "probes": {"enabled": False},
    "podDisruptionBudget": {"enabled": False},
    "serviceAccount": {"create": False},
}


MANIFESTS: dict[str, tuple[str, str | None, dict[str, Any]]] = {
    **{
        service if environment is None else f"{service}-{environment}": (service, environment, {})
        for service, environments in ENVIRONMENTS.items()
        for environment in environments
    },
    "everything": ("billing", "production", EVERYTHING),
    "everything without what a file says": ("inner", None, EVERYTHING),
    "worker": ("inner", None, WORKER),
    "other user": (
        "inner",
        None,
        {"podSecurityContext": {"runAsUser": 1000}, "securityContext": {"readOnlyRootFilesystem": False}},
    ),
    **{
        f"tag {number}": ("inner", None, {"image": {"tag": tag}})
        for number, tag in enumerate(["v" * 62 + "." + "1" * 10, "1.0_", "_1", "a" * 128])
    },
}
"""What is rendered of the deployments: the service, its environment, further values."""


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[Version, Repository]:
    """The same repository for each Helm, by its major version."""
    made = {major: Repository(tmp_path_factory.mktemp(f"helm{major}-"), major, LIBRARY) for major in HELMS}
    for repository, (service, answers) in itertools.product(made.values(), DEPLOYMENTS.items()):
        repository.deploy({"service": service, "library": LIBRARY["name"], **answers})
    return made


@pytest.fixture(scope="module")
def repository(repositories: dict[Version, Repository]) -> Repository:
    return repositories["4"]


@pytest.fixture(scope="module")
def rendered(repositories: dict[Version, Repository]) -> dict[str, list[Manifest]]:
    """What both Helms make of each of `MANIFESTS`."""
    old, new = ({name: render(each, *MANIFESTS[name]) for name in MANIFESTS} for each in repositories.values())
    assert old == new
    return new


def render(repository: Repository, service: str, environment: str | None, values: dict[str, Any]) -> list[Manifest]:
    file = repository.folder / "more.yaml"
    file.write_text(yaml.safe_dump({"workload": values}), encoding="utf-8")
    return repository.render(service, environment, *(["--values", str(file)] if values else []))


def by_kind(manifests: list[Manifest]) -> dict[str, Manifest]:
    found = {manifest["kind"]: manifest for manifest in manifests}
    assert len(found) == len(manifests)
    return found


def leaves(tree: Any, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    """Every scalar of a nested value by its path."""
    if not isinstance(tree, dict | list):
        return {path: tree}
    branches = tree.items() if isinstance(tree, dict) else enumerate(tree)
    return {key: value for name, branch in branches for key, value in leaves(branch, (*path, name)).items()}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_what_is_rendered_fits_the_schemas(rendered: dict[str, list[Manifest]]) -> None:
    manifests = [manifest for name in rendered for manifest in rendered[name]]
    custom = [manifest for manifest in manifests if is_custom(manifest)]

    validate_kubernetes([manifest for manifest in manifests if not is_custom(manifest)])
    assert judge_custom_resources(custom) == [[]] * len(custom)
    assert len(custom) == 6


def test_every_value_reaches_a_manifest(rendered: dict[str, list[Manifest]]) -> None:
    everything = rendered["everything"]

    assert sorted(by_kind(everything)) == sorted(by_kind(rendered["billing-production"])) == KINDS
    made = set(leaves(everything).values())
    image = EVERYTHING["image"]
    assert f"{image['repository']}:{image['tag']}" in made
    given = leaves(EVERYTHING | {"image": {**image, "repository": None}})
    assert [path for path, value in given.items() if value is not None and value not in made] == []


def test_a_field_that_kubernetes_does_not_know_is_noticed(rendered: dict[str, list[Manifest]]) -> None:
    manifest = copy.deepcopy(by_kind(rendered["inner"])["Service"])
    manifest["spec"]["prots"] = []

    with pytest.raises(kubernetes_validate.ValidationError, match="prots"):
        validate_kubernetes([manifest])


@pytest.mark.parametrize("major", HELMS)
def test_helm_finds_nothing_to_complain_about(repositories: dict[Version, Repository], major: Version) -> None:
    repository = repositories[major]
    run([repository.helm, "lint", "--strict", repository.library], repository.folder)
    for service, environments in ENVIRONMENTS.items():
        for environment in environments:
            values = ["--values", f"{service}/values-{environment}.yaml"] if environment else []
            run([repository.helm, "lint", "--strict", service, *values], repository.folder)


def test_global_values_are_allowed(repository: Repository, rendered: dict[str, list[Manifest]]) -> None:
    assert repository.render("billing", "dev", "--set", "global.team=a") == rendered["billing-dev"]


def test_an_environment_file_holds_only_what_differs(repository: Repository) -> None:
    library = leaves({"workload": read(repository.library / "values.yaml")})
    for service in DEPLOYMENTS:
        same_everywhere = library | leaves(read(repository.folder / service / "values.yaml"))
        for file in (repository.folder / service).glob("values-*.yaml"):
            assert [path for path, value in leaves(read(file)).items() if same_everywhere[path] == value] == []


def test_a_pod_is_restricted_unless_its_values_say_otherwise(rendered: dict[str, list[Manifest]]) -> None:
    pod = by_kind(rendered["inner"])["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    # https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False
    assert set(container["resources"]) == {"requests", "limits"}
    assert {"livenessProbe", "readinessProbe", "startupProbe"} < set(container)
    assert container["lifecycle"]["preStop"]["sleep"]["seconds"] < pod["terminationGracePeriodSeconds"]


def test_one_security_setting_changes_without_the_others(rendered: dict[str, list[Manifest]]) -> None:
    pod = by_kind(rendered["other user"])["Deployment"]["spec"]["template"]

    assert pod["spec"]["securityContext"]["runAsUser"] == 1000
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert pod["spec"]["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_everything_carries_the_standard_labels_and_backstages(rendered: dict[str, list[Manifest]]) -> None:
    manifests = rendered["billing-production"]
    pod = by_kind(manifests)["Deployment"]["spec"]["template"]

    assert len(manifests) == 8
    for labels in [manifest["metadata"]["labels"] for manifest in [*manifests, pod]]:
        own = {name: value for name, value in labels.items() if not name.startswith("pod-security.")}
        assert own == {
            "app.kubernetes.io/name": "billing",
            "app.kubernetes.io/instance": "billing-production",
            "app.kubernetes.io/version": "0.1.0",
            "app.kubernetes.io/managed-by": "Helm",
            "backstage.io/kubernetes-id": "billing",
            "helm.sh/chart": "billing-0.1.0",
        }


def test_selectors_find_the_pods_and_nothing_that_changes_is_in_them(rendered: dict[str, list[Manifest]]) -> None:
    kinds = by_kind(rendered["billing-production"])
    selector = {"app.kubernetes.io/name": "billing", "app.kubernetes.io/instance": "billing-production"}

    assert kinds["Deployment"]["spec"]["selector"] == {"matchLabels": selector}
    assert kinds["PodDisruptionBudget"]["spec"]["selector"] == {"matchLabels": selector}
    assert kinds["Service"]["spec"]["selector"] == selector
    assert kinds["ServiceMonitor"]["spec"]["selector"] == {"matchLabels": selector}


def test_any_image_tag_makes_a_label(rendered: dict[str, list[Manifest]]) -> None:
    for number in range(4):
        label = rendered[f"tag {number}"][0]["metadata"]["labels"]["app.kubernetes.io/version"]
        assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", label)


def test_an_autoscaled_deployment_leaves_the_number_of_pods_alone(rendered: dict[str, list[Manifest]]) -> None:
    deployments = {
        environment: by_kind(rendered[f"billing-{environment}"])["Deployment"] for environment in ("dev", "production")
    }

    assert deployments["dev"]["spec"]["replicas"] == 1
    assert "replicas" not in deployments["production"]["spec"]


def test_a_worker_has_no_network(rendered: dict[str, list[Manifest]]) -> None:
    (deployment,) = rendered["worker"]

    assert deployment["kind"] == "Deployment"
    pod = deployment["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "default"
    assert {"livenessProbe", "readinessProbe", "startupProbe", "lifecycle"} & set(pod["containers"][0]) == set()


def test_a_service_is_reached_by_the_same_name_in_every_environment(rendered: dict[str, list[Manifest]]) -> None:
    kinds = [by_kind(rendered[f"billing-{environment}"]) for environment in ("dev", "production")]

    assert [found["Service"]["metadata"]["name"] for found in kinds] == ["billing", "billing"]
    assert [found["Service"]["metadata"]["namespace"] for found in kinds] == ["billing-dev", "billing-production"]
    assert [found["Ingress"]["spec"]["rules"][0]["host"] for found in kinds] == [
        "billing.dev.example.com",
        "billing.example.com",
    ]


@pytest.mark.parametrize("chosen", [("yes", "no", "yes"), ("no", "yes", "no"), ("no", "no", "no")], ids="-".join)
def test_each_chosen_environment_has_a_values_file(chosen: tuple[str, str, str], tmp_path: Path) -> None:
    names = ("dev", "qa", "production")

    made = bake("deployment", tmp_path, {f"environment_{name}": yes for name, yes in zip(names, chosen, strict=True)})

    wanted = {f"values-{name}.yaml" for name, yes in zip(names, chosen, strict=True) if yes == "yes"}
    assert {path.name for path in made.glob("values-*")} == wanted


def test_one_environment_for_each_cluster_needs_no_further_values_files(tmp_path: Path) -> None:
    made = bake("deployment", tmp_path, {"layout": "cluster"})

    assert sorted(str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()) == [
        ".gitignore",
        "Chart.yaml",
        "catalog-info.part.yaml",
        "templates/workload.yaml",
        "values.schema.json",
        "values.yaml",
    ]


def test_a_chart_says_where_its_library_and_its_source_are(repository: Repository) -> None:
    orders, true = (read(repository.folder / name / "Chart.yaml") for name in ("orders", "true"))

    assert orders["sources"] == ["https://github.com/acme/orders"]
    assert orders["description"] == DEPLOYMENTS["orders"]["description"]
    assert orders["dependencies"] == [
        {"name": "acme-workload", "alias": "workload", "version": ">=0.0.0-0", "repository": "file://../acme-workload"}
    ]
    assert true["name"] == "true"
    assert true["dependencies"] == [
        {
            "name": "acme-workload",
            "alias": "workload",
            "version": "1.2.3-rc.1",
            "repository": "oci://registry.example.com/charts",
        }
    ]


def test_a_catalog_file_says_only_what_the_folder_does_not_show(repository: Repository) -> None:
    assert read(repository.folder / "orders" / "catalog-info.part.yaml") == {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": "orders", "annotations": {"backstage.io/kubernetes-id": "orders"}},
        "spec": {"owner": "group:default/orders", "system": "shop", "providesApis": ["orders"]},
    }


def test_the_library_alone_is_packaged(tmp_path: Path) -> None:
    library = bake("library-chart", tmp_path)

    for major in HELMS:
        run([helm(major), "package", library, "--destination", tmp_path / major], tmp_path)
        assert [path.name for path in (tmp_path / major).iterdir()] == ["workload-0.1.0.tgz"]
