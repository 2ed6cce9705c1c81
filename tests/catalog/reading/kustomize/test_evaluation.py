"""What Kustomize and Flux say is deployed: units, and what isn't followed."""

from __future__ import annotations

import pytest

from scenedock.catalog.reading.kustomize.patching import Patch, Target, apply, patches_in
from scenedock.catalog.reading.kustomize.substitution import substituted
from scenedock.documents.reading import read_document
from scenedock.model.json import as_object
from tests.catalog.reading.kustomize.evaluated import DEPLOYMENT, RELEASE, flux, said, where


def test_patches_of_overlays_change_the_values_of_one_environment_each() -> None:
    patch = "[{op: replace, path: /spec/values/image/tag, value: '%s'}]"
    files = {
        "apps/base/release.yaml": RELEASE,
        "apps/base/kustomization.yaml": "resources: [release.yaml]\n",
        **{
            f"apps/{name}/kustomization.yaml": "resources: [../base]\npatches:\n"
            f'- target: {{kind: HelmRelease, name: {target}}}\n  patch: "{patch % tag}"\n'
            for name, target, tag in (("dev", "bill.*", "2"), ("qa", "(cart|billing)", "3"), ("prod", "b+", "4"))
        },
    }
    tags = {unit.environment: as_object(unit.values["image"])["tag"] for unit in said(files).units}
    assert tags == {"dev": "2", "qa": "3", "prod": "1"}  # the last pattern is of a form that isn't evaluated


def test_a_patch_deletes_or_merges() -> None:
    release = as_object(read_document(RELEASE.encode()).value)
    assert apply(release, {"$patch": "delete", "kind": "HelmRelease"}) is None
    merged = apply(release, {"metadata": {"name": "other"}, "spec": {"values": {"replicas": None, "more": 1}}})
    assert merged is not None
    assert as_object(merged["metadata"])["name"] == "billing"
    assert as_object(as_object(merged["spec"])["values"]) == {"image": {"tag": "1"}, "more": 1}


@pytest.mark.parametrize(
    ("target", "fits"),
    [
        ({"kind": "HelmRelease"}, True),
        ({"kind": "HelmRelease", "group": "helm.toolkit.fluxcd.io", "namespace": "shop"}, True),
        ({"kind": "Kustomization"}, False),
        ({"name": ".*ing"}, True),
        ({"name": "bill"}, False),
        ({"name": "^(cart|bil.*g)$"}, True),
        ({"name": "((b+)+)+g"}, None),
        ({"name": "b[a-z]+"}, None),
        ({"name": "c[a-z]+"}, False),
        ({"name": "bille?ing"}, None),
        ({"kind": "Helm(Release)?"}, None),
        ({"kind": "Deployment", "name": "b[a-z]+"}, False),
        ({"kind": "HelmRelease", "namespace": "other"}, False),
        ({"kind": "HelmRelease", "labelSelector": "team=money"}, False),
        ({"kind": "HelmRelease", "annotationSelector": "defaults != off"}, True),
        ({"kind": "HelmRelease", "labelSelector": "team in (a, b)"}, None),
    ],
)
def test_a_target_fits_by_kind_name_and_labels(target: dict[str, str], *, fits: bool | None) -> None:
    release = as_object(read_document(RELEASE.encode()).value)
    assert Target.of(target).fits(release, ("billing",), "shop") is fits


def test_patches_have_three_forms() -> None:
    document = read_document(
        b"patchesStrategicMerge: [a.yaml, 'kind: A\n\n  x: 1']\npatchesJson6902: [{path: b.yaml, target: {kind: B}}]\n"
        b"patches: [{patch: 'kind: C'}, 7]\n"
    )
    assert [(each.path, bool(each.text)) for each in patches_in(as_object(document.value))] == [
        ("a.yaml", False),
        ("", True),
        ("", True),
        ("", False),
        ("b.yaml", False),
    ]
    assert Patch() == Patch("", "", {})


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("${known}", "yes"),
        ("${known:=no}", "yes"),
        ("${unknown:=${known}}", "${unknown:=yes}"),
        ("a-${unknown:=b}-${empty:-c}-${empty-d}", "a-b-c-"),
        ("${unknown}", "${unknown}"),
        ("$known $${known}", "$known $yes"),
    ],
)
def test_variables_of_flux_have_values_and_defaults(text: str, meant: str) -> None:
    assert substituted([{"key": text}], {"known": "yes", "empty": ""}) == [{"key": meant}]


def test_a_kustomization_of_flux_gives_namespace_environment_and_patches() -> None:
    more = (
        "  targetNamespace: post\n  postBuild: {substitute: {ENVIRONMENT: harbour}}\n"
        "  patches: [{target: {kind: HelmRelease}, patch: '[{op: add, path: /spec/values/more, value: 1}]'}]\n"
    )
    files = {"clusters/one/apps.yaml": flux("apps", "./apps", more), "apps/release.yaml": RELEASE}
    (unit,) = said(files).units
    assert (unit.environment, unit.namespace, unit.values.get("more"), unit.chart) == ("harbour", "post", 1, "webapp")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("https://github.com/acme/other", "their sources are repositories that are not part of this run"),
        ("https://github.com/acme/gitops.git", ""),
    ],
)
def test_a_source_elsewhere_is_said(source: str, reason: str) -> None:
    kind = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: flux-system}\n"
    repository = f"{kind}spec: {{url: {source}}}\n"
    files = {"clusters/a.yaml": flux("apps", "./apps") + "---\n" + repository, "apps/deployment.yaml": DEPLOYMENT}
    found = said(files)
    assert [each.reason for each in found.deployed if each.kind == "Flux Kustomization"] == [reason]
    assert bool(found.units) is not bool(reason)


def test_an_artifact_is_made_of_the_only_folder_with_such_a_path() -> None:
    source = "sourceRef: {kind: ExternalArtifact, name: any}"
    apps = flux("apps", "./apps/web").replace("sourceRef: {kind: GitRepository, name: flux-system}", source)
    files = {"clusters/a.yaml": apps, "kubernetes/apps/web/a.yaml": DEPLOYMENT}
    assert [(each.kind, each.path) for each in said(files).units] == [("Flux Kustomization", "kubernetes/apps/web")]
    assert said({**files, "other/apps/web/a.yaml": DEPLOYMENT}).units == ()


def test_the_root_of_a_source_that_nothing_defines_is_elsewhere() -> None:
    files = {"clusters/a.yaml": flux("crds", "./").replace("flux-system", "crds"), "old/release.yaml": RELEASE}
    found = said(files)
    assert [(each.kind, each.reason) for each in found.deployed] == [
        ("Flux HelmRelease", ""),
        ("Flux Kustomization", "their sources are repositories that are not part of this run"),
    ]
    assert where(said({**files, "clusters/a.yaml": flux("all", "./", "  targetNamespace: post\n")}).units) == [
        ("billing", None, "post")
    ]


def test_components_that_a_kustomization_of_flux_takes_are_nobodys_service() -> None:
    shared = {"parts/alerts/kustomization.yaml": "resources: [a.yaml]\n", "parts/alerts/a.yaml": DEPLOYMENT}
    files = {
        "clusters/a.yaml": flux("web", "./apps/web", "  components: [../../parts/alerts]\n"),
        "apps/web/a.yaml": DEPLOYMENT,
        **shared,
    }
    assert [unit.path for unit in said(files).units] == ["apps/web"]
    assert [unit.path for unit in said(shared).units] == ["parts/alerts"]


def test_configuration_that_flux_does_not_deploy_is_no_service_beside_what_it_does() -> None:
    config = {
        "policies/kustomization.yaml": "resources: [a.yaml]\n",
        "policies/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    }
    assert [unit.path for unit in said(config).units] == ["policies"]
    found = said({**config, "clusters/a.yaml": flux("web", "./apps/web"), "apps/web/a.yaml": DEPLOYMENT})
    assert [unit.path for unit in found.units] == ["apps/web"]
    assert "they run nothing, and nothing takes them" in {each.reason for each in found.deployed}


def test_what_a_shared_component_runs_is_of_who_takes_it() -> None:
    files = {
        "components/hooks/kustomization.yaml": "kind: Component\nresources: [job.yaml]\n",
        "components/hooks/job.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: hook}\n",
        "apps/web/kustomization.yaml": "resources: [a.yaml]\ncomponents: [../../components/hooks]\n",
        "apps/web/a.yaml": DEPLOYMENT,
    }
    assert [unit.path for unit in said(files).units] == ["apps/web"]


def test_what_runs_beside_a_release_and_below_it_is_a_part_of_it() -> None:
    files = {
        "apps/billing/kustomization.yaml": "resources: [release.yaml, migrations]\n",
        "apps/billing/release.yaml": RELEASE,
        "apps/billing/migrations/kustomization.yaml": "resources: [job.yaml]\n",
        "apps/billing/migrations/job.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate}\n",
    }
    found = said(files)
    assert [unit.name for unit in found.units] == ["billing"]
    assert [each.reason for each in found.deployed] == [""]


def test_a_base_that_runs_something_is_not_called_like_an_idle_folder_below_it() -> None:
    files = {
        "apps/billing/base/kustomization.yaml": "resources: [a.yaml, metrics]\n",
        "apps/billing/base/a.yaml": DEPLOYMENT,
        "apps/billing/base/metrics/kustomization.yaml": "resources: [a.yaml]\n",
        "apps/billing/base/metrics/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: metrics}\n",
        "apps/billing/overlays/dev/kustomization.yaml": "resources: [../../base]\n",
        "apps/billing/overlays/prod/kustomization.yaml": "resources: [../../base]\n",
    }
    found = said(files)
    assert [(unit.path, unit.environment) for unit in found.units] == [
        ("apps/billing", "dev"),
        ("apps/billing", "prod"),
    ]


def test_reasons_are_true_of_what_is_not_followed_and_of_names_that_are_open() -> None:
    chain = {f"n{number}/kustomization.yaml": f"resources: [../n{number + 1}]\n" for number in range(100)}
    deep = said({**chain, "n100/kustomization.yaml": "resources: [a.yaml]\n", "n100/a.yaml": DEPLOYMENT})
    assert {each.reason for each in deep.deployed} == {"what they take is not followed to its end, as a finding says"}
    shared = said(
        {
            "clusters/a.yaml": flux("web", "./apps/web", "  components: [../../parts/proxy]\n"),
            "apps/web/a.yaml": DEPLOYMENT,
            "parts/proxy/kustomization.yaml": "kind: Component\nresources: [release.yaml]\n",
            "parts/proxy/release.yaml": RELEASE.replace("name: billing", "name: '${APP}-proxy'"),
        }
    )
    assert [each.reason for each in shared.deployed if each.kind == "Flux HelmRelease"] == [
        "a variable that only a cluster knows names them, or their charts"
    ]


def test_what_nothing_deploys_beside_flux_is_of_no_environment() -> None:
    files = {"clusters/prod/apps.yaml": flux("apps", "./apps/live/prod")}
    for name in ("live", "old"):
        files[f"apps/{name}/base/kustomization.yaml"] = "resources: [release.yaml, a.yaml]\n"
        files[f"apps/{name}/base/release.yaml"] = RELEASE.replace("name: billing", f"name: {name}")
        files[f"apps/{name}/base/a.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
        for environment in ("dev", "prod"):
            files[f"apps/{name}/{environment}/kustomization.yaml"] = "resources: [../base]\n"
    found = said(files)
    assert where(found.units) == [("live", "prod", "shop"), ("old", None, "shop")]
    assert [each.code for each in found.findings] == ["perhaps-not-deployed"]
    assert "apps/old/base/release.yaml" in found.findings[0].message
    del files["clusters/prod/apps.yaml"]
    assert {unit.environment for unit in said(files).units} == {"dev", "prod"}


def test_encrypted_values_say_nothing() -> None:
    secret = RELEASE.replace('{tag: "1"}', "{tag: 'ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]'}") + "sops: {mac: x}\n"
    found = said({"apps/release.yaml": secret})
    assert "ENC" not in repr(found)
