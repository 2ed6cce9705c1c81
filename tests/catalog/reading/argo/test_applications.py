"""What Argo CD's manifests prove."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from scenedock.catalog.reading.argo.applications import read_applications
from scenedock.catalog.reading.environment_lists import EnvironmentLists
from scenedock.catalog.reading.sources import Manifest, Manifests, Repositories
from scenedock.documents.reading import read_documents
from scenedock.model.finding import Finding, Place
from scenedock.model.helm import Application
from scenedock.model.json import Json, as_object

FILES = (
    "apps/billing/Chart.yaml",
    "apps/billing/config.yaml",
    "apps/billing/values-dev.yaml",
    "apps/billing/values-qa.yaml",
    "apps/cart/Chart.yaml",
    "apps/cart/values-dev.yaml",
)
CONTENT: Mapping[str, Json] = {"apps/billing/config.yaml": {"team": "money", "path": "not this"}}
NAMED = "{metadata: {name: '%s'}, spec: {source: {path: '%s'}, destination: {namespace: '%s'}}}"


def evaluated(text: str) -> tuple[list[Application], list[Finding]]:
    documents = [Manifest(Place("repo", "a.yaml"), as_object(each.value)) for each in read_documents(text.encode())]
    charts = frozenset({"apps/billing", "apps/cart"})
    here = Manifests(
        "repo", FILES, charts, "https://github.com/acme/apps", EnvironmentLists(), lambda path: CONTENT.get(path, {})
    )
    read = read_applications(documents, Repositories(here))
    return read.applications, read.findings


def application(spec: str, labels: str = "{}") -> Application:
    ((found,), findings) = evaluated(
        "{apiVersion: argoproj.io/v1alpha1, kind: Application, "
        f"metadata: {{name: a, labels: {labels}}}, spec: {spec}}}"
    )
    assert findings == []
    return found


def generated(generator: str, template: str, *, go: bool = True) -> list[tuple[str, str, str, str | None]]:
    found, findings = evaluated(
        "{apiVersion: argoproj.io/v1alpha1, kind: ApplicationSet, metadata: {name: a}, "
        f"spec: {{goTemplate: {str(go).lower()}, generators: [{generator}], template: {template}}}}}"
    )
    assert findings == []
    return [(each.name, each.path, each.namespace, each.environment) for each in found]


@pytest.mark.parametrize(
    ("spec", "labels", "environment"),
    [
        ("{source: {path: apps/billing}}", "{env: qa}", "qa"),
        ("{source: {path: apps/billing, helm: {valueFiles: [values.yaml, values-dev.yaml]}}}", "{env: unknown}", "dev"),
        ("{source: {path: apps/billing, helm: {valueFiles: [../../values-qa.yaml]}}}", "{}", "qa"),
        ("{source: {path: dev/billing}}", "{}", "dev"),
        ("{source: {path: apps/billing}, destination: {namespace: billing-uat}}", "{}", "uat"),
        ("{source: {path: apps/billing}, destination: {namespace: production}}", "{}", "production"),
        ("{source: {path: apps/billing}}", "{}", None),
    ],
)
def test_the_most_explicit_word_names_the_environment(spec: str, labels: str, environment: str | None) -> None:
    assert application(spec, labels).environment == environment


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("{path: apps/billing}", "apps/billing"),
        ("{path: ./apps/billing/}", "apps/billing"),
        ("{path: .}", ""),
        ("{path: apps/billing, repoURL: 'git@github.com:Acme/apps.git'}", "apps/billing"),
        ("{path: apps/billing, repoURL: 'ssh://git@github.com/acme/apps'}", "apps/billing"),
    ],
)
def test_a_source_of_this_repository_is_a_folder(source: str, path: str) -> None:
    assert application(f"{{source: {source}}}").path == path


def test_values_by_reference_belong_to_the_chart_above_them() -> None:
    sources = (
        "[{chart: x, repoURL: 'https://charts.acme.test', helm: {valueFiles: [$here/apps/cart/values/qa.yaml]}}, "
        "{ref: here, repoURL: 'https://github.com/acme/apps'}]"
    )
    assert application(f"{{sources: {sources}}}").path == "apps/cart"


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("$here//apps/./cart/qa.yaml", "apps/cart"),
        ("$here/missing/cart/qa.yaml", None),
        ("$here/../../../etc/qa.yaml", None),
        ("$here/{{ .root }}/cart/qa.yaml", None),
    ],
)
def test_values_by_reference_are_of_folders_that_are_there(file: str, path: str | None) -> None:
    sources = (
        f"[{{chart: x, helm: {{valueFiles: ['{file}']}}}}, {{ref: here, repoURL: 'https://github.com/acme/apps'}}]"
    )
    found, _ = evaluated(
        f"{{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {{name: a}}, spec: {{sources: {sources}}}}}"
    )
    assert [each.path for each in found] == ([path] if path else [])


@pytest.mark.parametrize(
    "spec",
    [
        "{source: {path: ../../apps/billing, repoURL: 'https://github.com/acme/apps'}}",
        "{source: {path: apps/billing, repoURL: 'https://github.com/other/apps'}}",
        "{source: {chart: x, repoURL: 'https://charts.acme.test'}}",
        "{}",
    ],
)
def test_other_sources_are_nothing_of_ours(spec: str) -> None:
    assert evaluated(f"{{apiVersion: argoproj.io/v1, kind: Application, metadata: {{name: a}}, spec: {spec}}}") == (
        [],
        [],
    )


def test_a_files_generator_makes_one_of_each_values_file() -> None:
    name = '{{ .path.basename }}-{{ .path.filename | trimPrefix "values-" | trimSuffix ".yaml" }}'
    found = generated("{git: {files: [{path: 'apps/*/values-*.yaml'}]}}", NAMED % (name, "{{ .path.path }}", name))
    assert found == [
        ("billing-dev", "apps/billing", "billing-dev", "dev"),
        ("billing-qa", "apps/billing", "billing-qa", "qa"),
        ("cart-dev", "apps/cart", "cart-dev", "dev"),
    ]


def test_a_file_lends_its_keys_but_path_is_its_place() -> None:
    found = generated(
        "{git: {files: [{path: '**/config.yaml'}]}}", NAMED % ("{{ .team }}", "{{ .path.path }}", "{{ .team }}")
    )
    assert found == [("money", "apps/billing", "money", None)]


def test_a_directories_generator_leaves_out_what_is_excluded() -> None:
    generator = "{git: {directories: [{path: 'apps/*'}, {path: apps/cart, exclude: true}]}}"
    found = generated(generator, NAMED % ("{{path.basename}}", "{{path}}", "{{path[0]}}"), go=False)
    assert found == [("billing", "apps/billing", "apps", None)]


def test_values_and_prefixes_of_a_generator_are_filled_in() -> None:
    generator = (
        "{git: {pathParamPrefix: app, directories: [{path: apps/cart}], values: {ns: '{{ .app.path.basename }}-qa'}}}"
    )
    found = generated(generator, NAMED % ("{{ .values.ns }}", "{{ .app.path.path }}", "{{ .values.ns }}"))
    assert found == [("cart-qa", "apps/cart", "cart-qa", "qa")]


def test_a_matrix_multiplies_and_later_generators_know_earlier_parameters() -> None:
    generator = (
        "{matrix: {generators: [{list: {elements: [{app: cart}, {app: billing}]}}, "
        "{git: {files: [{path: 'apps/{{ .app }}/values-*.yaml'}]}}]}}"
    )
    found = generated(generator, NAMED % ("{{ .app }}", "{{ .path.path }}", "{{ .path.filename }}"))
    assert [(name, namespace) for name, _, namespace, _ in found] == [
        ("cart", "values-dev.yaml"),
        ("billing", "values-dev.yaml"),
        ("billing", "values-qa.yaml"),
    ]


@pytest.mark.parametrize(
    ("generator", "template"),
    [
        ("{clusters: {}}", NAMED % ("a", "{{ .name }}", "c")),
        (
            "{list: {elements: [{a: b}]}, selector: {matchExpressions: [{key: a, operator: Like}]}}",
            NAMED % ("a", "b", "c"),
        ),
        ("{list: {elementsYaml: '[{a: '}}", NAMED % ("a", "b", "c")),
        ("{merge: {mergeKeys: [a], generators: [{list: {elements: [{a: b}, {a: b}]}}]}}", NAMED % ("a", "b", "c")),
        ("{git: {repoURL: 'https://github.com/acme/else', files: [{path: '*'}]}}", NAMED % ("a", "b", "c")),
        ("{list: {elements: [{a: b}]}}", NAMED % ("a", "{{ randAlpha 5 }}", "c")),
        ("{matrix: {generators: [{clusters: {}}, {list: {elements: [{a: b}]}}]}}", NAMED % ("a", "{{ .x }}", "c")),
    ],
)
def test_what_files_cannot_tell_is_no_evidence_and_a_finding(generator: str, template: str) -> None:
    found, findings = evaluated(
        "{apiVersion: argoproj.io/v1alpha1, kind: ApplicationSet, metadata: {name: a}, "
        f"spec: {{goTemplate: true, generators: [{generator}], template: {template}}}}}"
    )
    assert (found, [finding.code for finding in findings]) == ([], ["applicationset-not-evaluated"])


def test_a_matrix_of_millions_is_not_evaluated() -> None:
    side = "{list: {elements: [" + ", ".join(["{a: b}"] * 400) + "]}}"
    matrix = f"{{matrix: {{generators: [{side}, {side}, {side}]}}}}"
    _, findings = evaluated(
        "{apiVersion: argoproj.io/v1alpha1, kind: ApplicationSet, metadata: {name: a}, "
        f"spec: {{generators: [{matrix}], template: {NAMED % ('a', 'b', 'c')}}}}}"
    )
    assert [finding.code for finding in findings] == ["applicationset-not-evaluated"]
