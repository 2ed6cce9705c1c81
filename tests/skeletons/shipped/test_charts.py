"""The library chart and the deployments that share it, as Helm 3 and Helm 4 render them."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

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


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[Version, Repository]:
    """The same repository for each Helm, by its major version."""
    made = {major: Repository(tmp_path_factory.mktemp(f"helm{major}-"), major, LIBRARY) for major in HELMS}
    for repository, (service, answers) in itertools.product(made.values(), DEPLOYMENTS.items()):
        repository.deploy({"service": service, "library": LIBRARY["name"], **answers})
    return made


@pytest.fixture(params=HELMS, ids=lambda major: f"helm{major}")
def repository(request: pytest.FixtureRequest, repositories: dict[Version, Repository]) -> Repository:
    return repositories[request.param]


def with_values(folder: Path, values: dict[str, Any]) -> list[str]:
    """The arguments that give Helm further values for the library chart."""
    file = folder / "more.yaml"
    file.write_text(yaml.safe_dump({"workload": values}), encoding="utf-8")
    return ["--values", str(file)]


def all_of(repository: Repository) -> list[Manifest]:
    return [
        manifest
        for service, environments in ENVIRONMENTS.items()
        for environment in environments
        for manifest in repository.render(service, environment)
    ]


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


def test_every_environment_fits_the_schemas(repository: Repository, tmp_path: Path) -> None:
    manifests = all_of(repository)

    validate_kubernetes([manifest for manifest in manifests if not is_custom(manifest)], tmp_path)
    custom = [manifest for manifest in manifests if is_custom(manifest)]
    assert judge_custom_resources(custom) == [[]] * len(custom)
    assert len(custom) == 4


def test_every_value_reaches_a_manifest_that_fits_the_schemas(repository: Repository, tmp_path: Path) -> None:
    plain = repository.render("billing", "production")

    everything = repository.render("billing", "production", *with_values(tmp_path, EVERYTHING))

    validate_kubernetes([manifest for manifest in everything if not is_custom(manifest)], tmp_path)
    assert judge_custom_resources([m for m in everything if is_custom(m)]) == [[]]
    assert sorted(by_kind(everything)) == sorted(by_kind(plain)) == KINDS
    made = set(leaves(everything).values())
    image = EVERYTHING["image"]
    assert f"{image['repository']}:{image['tag']}" in made
    given = leaves(EVERYTHING | {"image": {**image, "repository": None}})
    assert [path for path, value in given.items() if value is not None and value not in made] == []


def test_both_helms_make_the_same(repositories: dict[Version, Repository], tmp_path: Path) -> None:
    more = with_values(tmp_path, EVERYTHING)

    old, new = (all_of(found) + found.render("inner", None, *more) for found in repositories.values())

    assert old == new


def test_a_field_that_kubernetes_does_not_know_is_noticed(repository: Repository, tmp_path: Path) -> None:
    manifest = by_kind(repository.render("inner", None))["Service"]
    manifest["spec"]["prots"] = []

    with pytest.raises(AssertionError, match="prots"):
        validate_kubernetes([manifest], tmp_path)


def test_helm_finds_nothing_to_complain_about(repository: Repository) -> None:
    run([repository.helm, "lint", "--strict", repository.library], repository.folder)
    for service, environments in ENVIRONMENTS.items():
        for environment in environments:
            values = ["--values", f"{service}/values-{environment}.yaml"] if environment else []
            run([repository.helm, "lint", "--strict", service, *values], repository.folder)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"replica": 2}, "replica"),
        ({"image": {"tagg": "1"}}, "tagg"),
        ({"image": {"tag": "latest"}}, "tag"),
        ({"image": {"tag": 1.1}}, "tag"),
        ({"image": {"repository": "registry.example.com/billing:1.0.0"}}, "repository"),
        ({"image": {"repository": ""}}, "workload.image.repository is missing: set it to the image"),
        ({"image": {"tag": ""}}, "workload.image.tag is missing: set it to the version"),
        ({"env": {"COUNT": 1}}, "COUNT"),
        ({"envFrom": [{"secret": {"name": "s"}}]}, "secret"),
        ({"resources": {"request": {"cpu": 1}}}, "request"),
        ({"resources": {"limits": {"memroy": "1Gi"}}}, "memroy"),
        ({"probes": {"liveness": {"pth": "/"}}}, "pth"),
        ({"probes": {"readiness": {"path": "readyz"}}}, "path"),
        ({"ingress": {"hosts": ["a.example.com"]}}, "hosts"),
        ({"ingress": {"enabled": True, "host": ""}}, "host"),
        ({"service": {"enabled": False}}, "ingress"),
        (
            {"autoscaling": {"minReplicas": 5, "maxReplicas": 4}},
            "minReplicas (5) must not be greater than maxReplicas (4)",
        ),
        ({"podDisruptionBudget": {"maxUnavailable": 0}}, "maxUnavailable"),
        ({"serviceMonitor": {"intervall": "30s"}}, "intervall"),
        ({"serviceAccount": {"automount": True}}, "automount"),
        ({"affinity": {"nodeAffinty": {}}}, "nodeAffinty"),
    ],
    ids=str,
)
def test_a_wrong_value_is_refused(
    repository: Repository, tmp_path: Path, values: dict[str, Any], complaint: str
) -> None:
    said = repository.try_to_render("billing", "production", *with_values(tmp_path, values))

    assert said.returncode != 0
    assert complaint in said.stderr


def test_a_misspelt_key_beside_workload_is_refused(repository: Repository) -> None:
    said = repository.try_to_render("billing", "dev", "--set", "worklaod.replicas=2")

    assert said.returncode != 0
    assert "worklaod" in said.stderr


def test_global_values_are_allowed(repository: Repository) -> None:
    assert repository.render("billing", "dev", "--set", "global.team=a") == repository.render("billing", "dev")


def test_an_environment_file_holds_only_what_differs(repository: Repository) -> None:
    library = leaves({"workload": read(repository.library / "values.yaml")})
    for service in DEPLOYMENTS:
        same_everywhere = library | leaves(read(repository.folder / service / "values.yaml"))
        for file in (repository.folder / service).glob("values-*.yaml"):
            assert [path for path, value in leaves(read(file)).items() if same_everywhere[path] == value] == []


def test_a_pod_is_restricted_unless_its_values_say_otherwise(repository: Repository) -> None:
    pod = by_kind(repository.render("inner", None))["Deployment"]["spec"]["template"]["spec"]
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


def test_one_security_setting_changes_without_the_others(repository: Repository, tmp_path: Path) -> None:
    values = {"podSecurityContext": {"runAsUser": 1000}, "securityContext": {"readOnlyRootFilesystem": False}}

    pod = by_kind(repository.render("inner", None, *with_values(tmp_path, values)))["Deployment"]["spec"]["template"]

    assert pod["spec"]["securityContext"]["runAsUser"] == 1000
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    assert pod["spec"]["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_everything_carries_the_standard_labels_and_backstages(repository: Repository) -> None:
    manifests = repository.render("billing", "production")
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


def test_selectors_find_the_pods_and_nothing_that_changes_is_in_them(repository: Repository) -> None:
    kinds = by_kind(repository.render("billing", "production"))
    selector = {"app.kubernetes.io/name": "billing", "app.kubernetes.io/instance": "billing-production"}

    assert kinds["Deployment"]["spec"]["selector"] == {"matchLabels": selector}
    assert kinds["PodDisruptionBudget"]["spec"]["selector"] == {"matchLabels": selector}
    assert kinds["Service"]["spec"]["selector"] == selector
    assert kinds["ServiceMonitor"]["spec"]["selector"] == {"matchLabels": selector}


@pytest.mark.parametrize("tag", ["v" * 62 + "." + "1" * 10, "1.0_", "_1", "a" * 128], ids=len)
def test_any_image_tag_makes_a_label(repository: Repository, tmp_path: Path, tag: str) -> None:
    manifests = repository.render("inner", None, *with_values(tmp_path, {"image": {"tag": tag}}))

    label = manifests[0]["metadata"]["labels"]["app.kubernetes.io/version"]
    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", label)


def test_an_autoscaled_deployment_leaves_the_number_of_pods_alone(repository: Repository) -> None:
    deployments = {
        environment: by_kind(repository.render("billing", environment))["Deployment"]
        for environment in ("dev", "production")
    }

    assert deployments["dev"]["spec"]["replicas"] == 1
    assert "replicas" not in deployments["production"]["spec"]


def test_a_worker_has_no_network(repository: Repository, tmp_path: Path) -> None:
    manifests = repository.render("inner", None, *with_values(tmp_path, WORKER))

    validate_kubernetes(manifests, tmp_path)
    assert [manifest["kind"] for manifest in manifests] == ["Deployment"]
    pod = manifests[0]["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "default"
    assert {"livenessProbe", "readinessProbe", "startupProbe", "lifecycle"} & set(pod["containers"][0]) == set()


def test_a_service_is_reached_by_the_same_name_in_every_environment(repository: Repository) -> None:
    kinds = [by_kind(repository.render("billing", environment)) for environment in ("dev", "production")]

    assert [found["Service"]["metadata"]["name"] for found in kinds] == ["billing", "billing"]
    assert [found["Service"]["metadata"]["namespace"] for found in kinds] == ["billing-dev", "billing-production"]
    assert [found["Ingress"]["spec"]["rules"][0]["host"] for found in kinds] == [
        "billing.dev.example.com",
        "billing.example.com",
    ]


@pytest.mark.parametrize("chosen", list(itertools.product(["yes", "no"], repeat=3)), ids="-".join)
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
