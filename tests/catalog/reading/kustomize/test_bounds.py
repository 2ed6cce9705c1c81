"""Whatever Kustomize's and Flux's files say, reading them ends, and says what was left out."""

from __future__ import annotations

import json
import posixpath

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from scenedock.catalog.reading.kustomize import building, changing
from scenedock.catalog.reading.kustomize.patching import apply
from scenedock.catalog.reading.layouts.kustomizations import Evaluation
from scenedock.documents.reading import read_document
from scenedock.model.finding import Place
from scenedock.model.json import Json, as_object
from tests.catalog.reading.kustomize.evaluated import DEPLOYMENT, RELEASE, flux, said, where


def test_one_that_deploys_itself_is_followed_once() -> None:
    files = {
        "clusters/prod/flux-system/sync.yaml": flux("flux-system", "./clusters/prod"),
        "clusters/prod/apps.yaml": flux("apps", "./apps"),
        "apps/billing/release.yaml": RELEASE,
    }
    assert where(said(files).units) == [("billing", "prod", "shop")]


def test_what_takes_itself_or_leads_out_is_a_finding_and_ends() -> None:
    files = {
        "a/kustomization.yaml": "resources: [../b, ../../etc, deployment.yaml]\n",
        "b/kustomization.yaml": "resources: [../a]\n",
        "a/deployment.yaml": DEPLOYMENT,
        "c/kustomization.yaml": "resources: [../a]\n",
    }
    found = said(files)
    assert sorted(each.code for each in found.findings) == [
        "kustomization-not-followed",
        "kustomization-outside-repository",
    ]
    assert where(found.units) == [("a", None, "")]


def test_a_thousand_in_a_row_end() -> None:
    chain = {f"n{number}/kustomization.yaml": f"resources: [../n{number + 1}]\n" for number in range(1_000)}
    found = said({**chain, "n1000/kustomization.yaml": "resources: [a.yaml]\n", "n1000/a.yaml": DEPLOYMENT})
    assert {each.code for each in found.findings} == {"kustomization-not-followed"}
    assert found.units == ()


def test_what_multiplies_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "_MOST_IN_ONE", 100)
    files = {"n8/kustomization.yaml": "resources: [a.yaml]\n", "n8/a.yaml": DEPLOYMENT}
    for number in range(8):
        for side in "nm":
            below = f"resources: [../n{number + 1}, ../m{number + 1}]\n"
            files[f"{side}{number}/kustomization.yaml"] = f"namePrefix: {side}{number}-\n{below}"
    files["m8/kustomization.yaml"] = files["n8/kustomization.yaml"]
    files["m8/a.yaml"] = DEPLOYMENT
    found = said(files)
    assert "kustomization-not-followed" in {each.code for each in found.findings}
    assert {unit.path for unit in found.units} == {"n8", "m8"}


def test_patches_times_objects_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "_MOST_CHANGES", 40)
    releases = "---\n".join(RELEASE.replace("name: billing", f"name: r{number}") for number in range(30))

    def evaluated(target: str) -> Evaluation:
        patch = "  patch: '{spec: {values: {replicas: 2}}}'\n"
        patches = "".join(f"- target: {{name: {target % number}}}\n{patch}" for number in range(20))
        kustomization = f"resources: [a.yaml]\npatches:\n{patches}"
        return said({"apps/kustomization.yaml": kustomization, "apps/a.yaml": releases})

    named = evaluated("r%d")
    assert sum(unit.values["replicas"] == 2 for unit in named.units) == 20
    assert named.findings == ()
    patterns = evaluated("'r%d.*'")
    assert 0 < sum(unit.values["replicas"] == 2 for unit in patterns.units) < 30
    assert [(each.code, each.place) for each in patterns.findings] == [
        ("kustomization-not-followed", Place("repo", "apps/kustomization.yaml", 1))
    ]


def test_a_component_that_is_named_many_times_is_followed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "_MOST_CHANGES", 40)
    container = "{name: billing, image: 'acme/billing:1.0.0'}"
    deployment = f"{DEPLOYMENT}spec: {{template: {{spec: {{containers: [{container}]}}}}}}\n"

    def unclear(components: list[str]) -> str:
        files = {
            "apps/kustomization.yaml": "resources: [a.yaml]\n",
            "apps/a.yaml": deployment,
            "clusters/qa/apps.yaml": flux("apps", "./apps", f"  components: {json.dumps(components)}\n"),
        }
        parts = {f"part{number}/kustomization.yaml": "kind: Component\nnamePrefix: a-\n" for number in range(50)}
        return said({**files, **parts}).units[0].unclear

    assert unclear(["../part0", ""] * 50) == ""
    assert "may change its image" in unclear([f"../part{number}" for number in range(50)])


def test_the_patches_of_inflated_charts_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []

    def counted(text: str) -> tuple[Json, ...]:
        texts.append(text)
        return ()

    monkeypatch.setattr(changing, "inline_documents", counted)
    charts = ", ".join(f"{{name: c{number}, repo: 'https://a.test'}}" for number in range(9))
    said({"apps/kustomization.yaml": f"helmCharts: [{charts}]\npatches: [{{patch: 'a: b'}}]\n"})
    assert len(texts) == 2


def test_operations_times_objects_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "_MOST_CHANGES", 40)
    operations = "- {op: replace, path: /spec/values/replicas, value: 2}\n" * 30
    files = {
        "apps/kustomization.yaml": "resources: [a.yaml]\npatches: [{path: p.yaml, target: {kind: HelmRelease}}]\n",
        "apps/p.yaml": operations,
        "apps/a.yaml": "---\n".join(RELEASE.replace("name: billing", f"name: r{number}") for number in range(5)),
    }
    found = said(files)
    assert [unit.values["replicas"] for unit in found.units] == [2, 2, 1, 1, 1]
    assert [each.code for each in found.findings] == ["kustomization-not-followed"]


def test_operations_change_one_copy_and_nothing_that_others_have() -> None:
    release = as_object(read_document(RELEASE.encode()).value)
    added: list[Json] = ["a"]
    operations: list[Json] = [
        {"op": "add", "path": "/spec/values/list", "value": added},
        {"op": "add", "path": "/spec/values/list/-", "value": 0},
        {"op": "add", "path": "/spec/values/list/-", "value": 1},
        {"op": "add", "path": "/spec/values/list/-", "value": 2},
        {"op": "replace", "path": "/spec/values/list/1", "value": "b"},
        {"op": "remove", "path": "/spec/values/list/2"},
        {"op": "remove", "path": "/spec/values/replicas"},
    ]
    changed = apply(release, operations)
    assert as_object(as_object(changed)["spec"])["values"] == {"image": {"tag": "1"}, "list": ["a", "b", 2]}
    assert added == ["a"]
    assert release == read_document(RELEASE.encode()).value


def test_a_name_that_kubernetes_has_not_is_not_made() -> None:
    files = {"a/kustomization.yaml": "resources: [a.yaml]\nnamePrefix: %s\n", "a/a.yaml": f"{DEPLOYMENT}---\n" * 5}
    for length, codes in ((246, []), (247, ["kustomization-not-followed"])):
        kustomization = files["a/kustomization.yaml"] % ("x" * length)
        found = said({**files, "a/kustomization.yaml": kustomization})
        assert [each.code for each in found.findings] == codes
        assert [unit.path for unit in found.units] == ["a"]


def test_a_small_repository_makes_few_objects() -> None:
    kind = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a%d}\n"
    files = {"apps/a.yaml": "---\n".join(kind % number for number in range(1_000))}
    for number in range(40):
        files[f"clusters/c{number}.yaml"] = flux(f"c{number}", "./apps")
    found = said(files)
    assert "deploy more than 30,820 objects" in " ".join(each.message for each in found.findings)


def test_the_order_of_files_says_nothing() -> None:
    files = {
        "clusters/prod/apps.yaml": flux("apps", "./apps/prod"),
        "clusters/dev/apps.yaml": flux("apps", "./apps/dev"),
        "apps/base/release.yaml": RELEASE,
        "apps/base/kustomization.yaml": "resources: [release.yaml]\n",
        "apps/prod/kustomization.yaml": "resources: [../base]\n",
        "apps/dev/kustomization.yaml": "resources: [../base]\n",
        "web/base/kustomization.yaml": "resources: [a.yaml]\n",
        "web/base/a.yaml": DEPLOYMENT,
        "web/overlays/dev/kustomization.yaml": "resources: [../../base]\n",
    }
    assert said(files) == said(dict(reversed(files.items())))
    assert where(said(files).units) == [("billing", "dev", "shop"), ("billing", "prod", "shop"), ("web", None, "")]


NAMES = ("base", "billing", "prod", "overlays")
FOLDERS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
ODD = st.sampled_from([None, 7, "", "..", ".", "../..", "a.yaml", "https://acme.test/x", {"a": 1}, ["b"], "{{ x }}"])
REFERENCES = st.lists(st.one_of(FOLDERS.map(lambda folder: f"../{folder}"), FOLDERS, ODD), max_size=3)
KUSTOMIZATIONS = st.dictionaries(
    st.sampled_from(["resources", "bases", "components", "patches", "images", "helmCharts", "namespace", "namePrefix"]),
    st.one_of(
        REFERENCES,
        ODD,
        st.lists(
            st.dictionaries(st.sampled_from(["name", "path", "patch", "target", "newTag", "repo"]), ODD), max_size=2
        ),
    ),
    max_size=4,
).map(json.dumps)
KINDS = st.sampled_from(
    [("helm.toolkit.fluxcd.io/v2", "HelmRelease"), ("kustomize.toolkit.fluxcd.io/v1", "Kustomization")]
)
OBJECTS = st.builds(
    lambda kind, path, odd: json.dumps(
        {
            "apiVersion": kind[0],
            "kind": kind[1],
            "metadata": {"name": "billing", "labels": odd},
            "spec": {
                "path": path,
                "chart": {"spec": {"chart": "webapp", "version": odd}},
                "values": odd,
                "patches": odd,
            }
            | {"postBuild": {"substitute": {"env": odd}}, "sourceRef": odd, "chartRef": odd, "valuesFrom": [odd]},
        }
    ),
    KINDS,
    FOLDERS,
    ODD,
)
TREES = st.dictionaries(
    st.one_of(
        FOLDERS.map(lambda folder: f"{folder}/kustomization.yaml"), FOLDERS.map(lambda folder: f"{folder}/a.yaml")
    ),
    st.one_of(KUSTOMIZATIONS, OBJECTS, st.just(DEPLOYMENT), st.text(max_size=5)),
    max_size=8,
)


@profile(max_examples=100, deadline=None, derandomize=True, database=None)
@given(TREES)
def test_whatever_lies_in_folders_is_evaluated_in_any_order(files: dict[str, str]) -> None:
    found = said(files)
    assert found == said(dict(reversed(files.items())))
    assert not {posixpath.basename(unit.path) for unit in found.units if not unit.name} & {"base", "overlays"}
