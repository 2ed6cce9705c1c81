"""Versions that Argo CD's Applications set, in the order in which Argo CD takes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.scenarios.repositories import plant
from tests.tools.commits import commit
from tests.usecases.releases.listing import listed, place, run

BILLING = {
    "billing/Chart.yaml": "apiVersion: v2\nname: billing\nversion: 1.0.0\n",
    "billing/values.yaml": "image: {repository: acme/billing, tag: 1.0.0}\n",
    "scenedock.yaml": "repository: https://git.test/acme/apps\n",
}
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: billing-qa}}
spec:
  source:
    repoURL: https://git.test/acme/apps
    path: billing
{source}
"""
VALUES_OBJECT = """\
    helm:
      valuesObject:
        image:
          tag: 2.0.0
"""
VALUES = """\
    helm:
      values: |
        # of qa
        image:
          tag: 3.0.0
"""
PARAMETERS = """\
      parameters:
      - name: image.tag
        value: 4.0.0
"""
KUSTOMIZE = """\
    kustomize:
      images:
      - acme/proxy:9.0.0
      - acme/billing=registry.test/acme/billing:5.0.0
"""


@pytest.mark.parametrize(
    ("source", "version", "shape", "line"),
    [
        (VALUES_OBJECT, "2.0.0", "helm.valuesObject", 11),
        (VALUES, "3.0.0", "helm.values", 12),
        (VALUES_OBJECT + VALUES.partition("\n")[2], "2.0.0", "helm.valuesObject", 11),
        (VALUES_OBJECT + PARAMETERS, "4.0.0", "helm.parameters", 14),
        (KUSTOMIZE, "5.0.0", "kustomize.images", 11),
    ],
)
def test_what_an_application_sets_counts_for_more_than_files(
    tmp_path: Path, source: str, version: str, shape: str, line: int
) -> None:
    files = {**BILLING, "argocd/billing.yaml": APPLICATION.format(source=source)}
    if source == KUSTOMIZE:
        files["billing/values.yaml"] = "replicas: 1\n"
    found = listed(tmp_path, files)["billing/qa"]
    assert (found["version"], found["shape"], place(found)) == (version, shape, f"argocd/billing.yaml:{line}")
    assert not found["inherited"]


SET = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: billing}
spec:
  goTemplate: true
  generators:
  - GENERATOR
  template:
    metadata: {name: 'billing-{{.environment}}'}
    spec:
      source:
        repoURL: https://git.test/acme/apps
        path: billing
        helm:
          parameters:
          - {name: image.tag, value: '{{.tag}}'}
"""
ELEMENTS = """\
list:
      elements:
      - {environment: qa, tag: 2.0.0}
      - environment: production
        tag: 1.0.0"""
FILES = "git: {repoURL: 'https://git.test/acme/apps', files: [{path: 'environments/*.yaml'}]}"


def test_the_parameters_of_a_set_are_where_they_are_written(tmp_path: Path) -> None:
    by_list = listed(tmp_path / "list", {**BILLING, "argocd/set.yaml": SET.replace("GENERATOR", ELEMENTS)})
    assert {name: (each["version"], place(each), each["sharedWith"]) for name, each in by_list.items()} == {
        "billing/qa": ("2.0.0", "argocd/set.yaml:9", []),
        "billing/production": ("1.0.0", "argocd/set.yaml:11", []),
    }
    files = {f"environments/{name}.yaml": f"environment: {name}\ntag: 2.0.0\n" for name in ("qa", "production")}
    by_file = listed(tmp_path / "files", {**BILLING, **files, "argocd/set.yaml": SET.replace("GENERATOR", FILES)})
    assert {name: place(each) for name, each in by_file.items()} == {
        "billing/qa": "environments/qa.yaml:2",
        "billing/production": "environments/production.yaml:2",
    }


def test_what_generators_said_before_is_not_guessed(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    for hour, tag in ((1, "1.9.0"), (2, "2.0.0")):
        commit(root, hour, {**BILLING, "argocd/set.yaml": SET.replace("GENERATOR", ELEMENTS.replace("2.0.0", tag))})
    (history,) = json.loads(run("history", "billing", root, "--environment", "qa", "--format", "json"))
    assert [(each["version"], each["since"]) for each in history["versions"]] == [("2.0.0", None)]
    assert history["incomplete"].startswith("an ApplicationSet sets it")


def test_what_only_a_cluster_can_evaluate_is_unknown(tmp_path: Path) -> None:
    written = SET.replace("GENERATOR", ELEMENTS).replace("{{.tag}}", "{{.tag | unheardOf}}")
    found = listed(tmp_path, {**BILLING, "argocd/set.yaml": written})["billing/qa"]
    assert (found["version"], found["reason"]) == (
        None,
        "what sets the tag of its image is no tag (argocd/set.yaml:20)",
    )


def test_an_application_in_another_repository_counts_and_is_named(tmp_path: Path) -> None:
    apps, argocd = plant(tmp_path / "apps", BILLING), tmp_path / "argocd"
    plant(
        argocd,
        {"billing.yaml": APPLICATION.format(source=VALUES_OBJECT), "cart/Chart.yaml": BILLING["billing/Chart.yaml"]},
    )
    shown = json.loads(run("show", "billing", apps, argocd, "--format", "json"))
    (found,) = [each for each in shown if each["environment"] == "qa"]
    assert (found["version"], found["repository"], place(found)) == ("2.0.0", "argocd", "billing.yaml:11")
    assert found["sinceReason"].startswith("it is set in argocd")


SOURCES = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: billing-qa}}
spec:
  sources:
  - {first}
  - {second}
"""
OWN = "{repoURL: 'https://git.test/acme/apps', path: billing, helm: {parameters: [{name: replicas, value: 2}]}}"
REDIS = "{repoURL: 'https://charts.test', chart: redis, helm: {valuesObject: {image: {tag: 7.2.0}}}}"


@pytest.mark.parametrize(("first", "second"), [(OWN, REDIS), (REDIS, OWN)])
def test_what_another_source_sets_is_none_of_the_charts(tmp_path: Path, first: str, second: str) -> None:
    found = listed(tmp_path, {**BILLING, "argocd/billing.yaml": SOURCES.format(first=first, second=second)})
    assert (found["billing/qa"]["version"], place(found["billing/qa"])) == ("1.0.0", "billing/values.yaml:1")


def test_of_several_sources_the_own_one_counts_and_source_does_not(tmp_path: Path) -> None:
    own = OWN.replace("replicas, value: 2", "image.tag, value: 2.0.0")
    text = SOURCES.format(first=REDIS, second=own) + "  source: " + own.replace("2.0.0", "3.0.0") + "\n"
    found = listed(tmp_path, {**BILLING, "argocd/billing.yaml": text})["billing/qa"]
    assert (found["version"], place(found)) == ("2.0.0", "argocd/billing.yaml:7")


def test_what_a_template_patch_would_set_is_not_guessed(tmp_path: Path) -> None:
    patch = "  templatePatch: |\n    spec: {source: {helm: {parameters: [{name: image.tag, value: '{{.tag}}'}]}}}\n"
    text = SET.replace("GENERATOR", ELEMENTS)
    found = listed(tmp_path, {**BILLING, "argocd/set.yaml": text + patch})["billing/qa"]
    assert found["version"] is None
    assert found["reason"] == (
        "argocd/set.yaml:21: the templatePatch of its set changes its source, and is not evaluated; "
        "the rest says 2.0.0 (argocd/set.yaml:9)"
    )
    harmless = "  templatePatch: |\n    spec: {syncPolicy: {automated: {}}}\n"
    assert (
        listed(tmp_path / "other", {**BILLING, "argocd/set.yaml": text + harmless})["billing/qa"]["version"] == "2.0.0"
    )


@pytest.mark.parametrize("name", [".argocd-source.yaml", ".argocd-source-billing-qa.yaml"])
def test_what_image_updater_writes_counts_for_more_than_the_manifest(tmp_path: Path, name: str) -> None:
    manifest = APPLICATION.format(source=VALUES_OBJECT + PARAMETERS)
    written = "helm:\n  parameters:\n  - {name: image.tag, value: 5.0.0, forcestring: true}\n"
    files = {**BILLING, "argocd/billing.yaml": manifest, f"billing/{name}": written}
    found = listed(tmp_path, files)["billing/qa"]
    assert (found["version"], place(found)) == ("5.0.0", f"billing/{name}:3")
    replaced = {**files, f"billing/{name}": written.replace("image.tag", "image.name")}
    assert listed(tmp_path / "replaced", replaced)["billing/qa"]["version"] == "2.0.0"
    broken = listed(tmp_path / "broken", {**files, f"billing/{name}": "helm: [\n"})["billing/qa"]
    assert (broken["version"], broken["reason"].partition(": ")[0]) == (None, f"billing/{name}")


@pytest.mark.parametrize(
    ("revision", "branch", "known"),
    [
        ("v0.9.0", "", False),
        ("HEAD", "", True),
        ("main", "", True),
        ("refs/heads/master", "", True),
        ("stable", "branch: stable\n", True),
        ("main", "branch: stable\n", False),
    ],
)
def test_what_another_revision_has_is_not_guessed(tmp_path: Path, revision: str, branch: str, *, known: bool) -> None:
    files = {**BILLING, "argocd/billing.yaml": APPLICATION.format(source=f"    targetRevision: {revision}")}
    files["scenedock.yaml"] += branch
    found = listed(tmp_path, files)["billing/qa"]
    if known:
        assert found["version"] == "1.0.0"
    else:
        assert found["reason"] == (
            f"argocd/billing.yaml:8: its Application deploys the revision {revision}, which may not be what was read; "
            "the rest says 1.0.0 (billing/values.yaml:1)"
        )


KUSTOMIZED = {
    "scenedock.yaml": BILLING["scenedock.yaml"],
    "billing/kustomization.yaml": "resources: [web.yaml]\nimages: [{name: acme/billing, newTag: 1.0.0}]\n",
    "billing/web.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: billing}\n"
    "spec: {template: {spec: {containers: [{name: web, image: acme/billing}]}}}\n",
}


def test_images_of_a_kustomized_folder_are_replaced_by_those_of_its_application(tmp_path: Path) -> None:
    files = {**KUSTOMIZED, "argocd/billing.yaml": APPLICATION.format(source=KUSTOMIZE)}
    (found,) = listed(tmp_path, files).values()
    assert (found["version"], found["image"]) == ("5.0.0", "registry.test/acme/billing")
    assert (found["shape"], place(found)) == ("kustomize.images", "argocd/billing.yaml:11")
    written = {"billing/.argocd-source-billing-qa.yaml": "kustomize:\n  images: ['acme/billing:6.0.0']\n"}
    (found,) = listed(tmp_path / "written", {**files, **written}).values()
    assert (found["version"], found["file"]) == ("6.0.0", "billing/.argocd-source-billing-qa.yaml")


def test_a_values_file_is_of_the_environment_with_its_whole_name(tmp_path: Path) -> None:
    files = {**BILLING, "values/qa-eu.yaml": "image: {tag: 2.0.0}\n", "billing/values-qa-eu.yaml": "at: qa-eu\n"}
    source = "    helm: {valueFiles: [values.yaml, values-qa-eu.yaml, ../values/qa-eu.yaml]}\n"
    files["argocd/billing.yaml"] = APPLICATION.replace("billing-qa", "billing-qa-eu").format(source=source)
    found = listed(tmp_path, files)["billing/qa-eu"]
    assert (found["version"], place(found), found["inherited"]) == ("2.0.0", "values/qa-eu.yaml:1", False)
