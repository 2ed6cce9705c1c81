"""What Kustomize and Flux say is deployed: units, and what isn't followed."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from scenedock.catalog.reading.environment_lists import EnvironmentLists
from scenedock.catalog.reading.kustomize import building, changing
from scenedock.catalog.reading.kustomize.patching import Patch, Target, apply, patches_in
from scenedock.catalog.reading.kustomize.substitution import substituted
from scenedock.catalog.reading.layouts.kustomizations import Evaluation, evaluate
from scenedock.catalog.reading.layouts.manifests import read_manifest_file
from scenedock.catalog.reading.layouts.shape import Given
from scenedock.catalog.reading.sources import Manifests, Repositories
from scenedock.documents.reading import read_document
from scenedock.errors import InputError
from scenedock.model.finding import Place
from scenedock.model.json import Json, as_object
from scenedock.model.units import Unit

DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: billing}\n"
RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: billing, namespace: shop}
spec: {chart: {spec: {chart: webapp}}, values: {image: {tag: "1"}, replicas: 1}}
"""


def said(files: Mapping[str, str], url: str = "https://github.com/acme/gitops") -> Evaluation:
    paths = tuple(sorted(files))
    parsed = {path: read_manifest_file(Place("repo", path), files[path].encode()) for path in paths}
    documents = {path: each.documents for path, each in parsed.items() if each.documents}

    def read(path: str) -> bytes:
        if path not in files:
            raise InputError("there is no such file")
        return files[path].encode()

    here = Manifests("repo", paths, frozenset(), url, EnvironmentLists(), lambda _path: None)
    return evaluate(Given(Repositories(here), documents, read))


def flux(name: str, path: str, more: str = "") -> str:
    kind = f"apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}}}\n"
    return f"{kind}spec:\n  path: {path}\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n{more}"


def where(units: tuple[Unit, ...]) -> list[tuple[str, str | None, str]]:
    return [(unit.name or unit.path, unit.environment, unit.namespace) for unit in units]


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


def test_one_that_deploys_itself_is_followed_once() -> None:
    files = {
        "clusters/prod/flux-system/sync.yaml": flux("flux-system", "./clusters/prod"),
        "clusters/prod/apps.yaml": flux("apps", "./apps"),
        "apps/billing/release.yaml": RELEASE,
    }
    assert where(said(files).units) == [("billing", "prod", "shop")]


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


def test_encrypted_values_say_nothing() -> None:
    secret = RELEASE.replace('{tag: "1"}', "{tag: 'ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]'}") + "sops: {mac: x}\n"
    found = said({"apps/release.yaml": secret})
    assert "ENC" not in repr(found)
