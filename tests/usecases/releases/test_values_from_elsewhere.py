"""Values that are written as texts, come from ConfigMaps and Secrets, or have names that a tool fills in later."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.scenarios.repositories import plant
from tests.usecases.releases.listing import listed, place

SETTINGS: Final = {"scenedock.yaml": "repository: https://git.test/acme/apps\n"}
CHART: Final = {
    "billing/Chart.yaml": "apiVersion: v2\nname: billing\nversion: 1.0.0\n",
    "billing/values.yaml": "image: {repository: acme/billing, tag: 1.0.0}\n",
    "billing/templates/deployment.yaml": "kind: Deployment\n",
}
RELEASE: Final = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: billing}
spec:
  chart: {spec: {chart: CHART, sourceRef: {kind: HelmRepository, name: acme}, version: 3.0.0}}
  valuesFrom: FROM
"""
CONFIG_MAP: Final = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: billing-values}
data:
  values.yaml: |
    replicas: 2
    image:
      repository: acme/billing
      tag: 2.5.0
"""
SET: Final = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: billing}
spec:
  goTemplate: true
  generators: [{clusters: {}}]
  template:
    metadata: {name: billing}
    spec:
      source:
        SOURCE
        helm:
          values: |
            host: {{ .host }}
            image: {repository: acme/billing, tag: TAG}
      destination: {namespace: billing}
"""


def found(tmp_path: Path, files: dict[str, str], name: str = "billing") -> tuple[str | None, str]:
    """The version of a service in its only environment, with its place or the reason."""
    (each,) = (each for key, each in listed(tmp_path, {**SETTINGS, **files}).items() if key.partition("/")[0] == name)
    return each["version"], each["reason"] or place(each)


def release(values_from: str, more: dict[str, str], chart: str = "service") -> dict[str, str]:
    resources = ", ".join(["release.yaml", *more])
    files = {f"flux/{path}": text for path, text in more.items()}
    text = RELEASE.replace("CHART", chart).replace("FROM", values_from)
    return {"flux/release.yaml": text, "flux/kustomization.yaml": f"resources: [{resources}]\n", **files}


def test_the_values_of_a_config_map_in_the_repository_have_their_line_there(tmp_path: Path) -> None:
    files = release("[{kind: ConfigMap, name: billing-values}]", {"values.yaml": CONFIG_MAP})
    assert found(tmp_path, files) == ("2.5.0", "flux/values.yaml:9")


@pytest.mark.parametrize(
    ("more", "version"),
    [
        ("{kind: Secret, name: passwords}", None),
        ("{kind: ConfigMap, name: of-the-cluster}", None),
        ("{kind: ConfigMap, name: billing-values, valuesKey: other}", None),
        ("{kind: ConfigMap, name: by-hand, optional: true}", "2.5.0"),
    ],
)
def test_values_that_only_a_cluster_has_hide_the_tag_of_an_image(
    tmp_path: Path, more: str, version: str | None
) -> None:
    files = release(f"[{{kind: ConfigMap, name: billing-values}}, {more}]", {"values.yaml": CONFIG_MAP})
    known, where = found(tmp_path, files)
    assert known == version, where
    assert version or (where.startswith("flux/release.yaml:1: what the values of the ") and "cluster knows" in where)


OBJECT: Final = (
    "apiVersion: v1\nkind: Secret\nmetadata: {name: more}\nstringData: {values.yaml: 'image: {tag: 9.0.0}'}\n"
)


@pytest.mark.parametrize(
    ("kind", "files"),
    [
        ("Secret", {"more.yaml": OBJECT}),
        ("Secret", {"more.yaml": OBJECT.replace("v1", "bitnami.com/v1alpha1").replace("Secret", "SealedSecret")}),
        ("Secret", {"more/kustomization.yaml": "secretGenerator: [{name: more, literals: [a=b]}]\n"}),
        ("ConfigMap", {"more/kustomization.yaml": "configMapGenerator: [{name: more, literals: [values.yaml=]}]\n"}),
        ("ConfigMap", {"more.yaml": OBJECT.replace("Secret", "ConfigMap")}),
        (
            "ConfigMap",
            {"more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata: {values.yaml: '{['}\n"},
        ),
    ],
)
def test_what_is_optional_and_in_the_repository_hides_the_tag_unless_it_is_one_clear_text(
    tmp_path: Path, kind: str, files: dict[str, str]
) -> None:
    values_from = f"[{{kind: ConfigMap, name: billing-values}}, {{kind: {kind}, name: more, optional: true}}]"
    planted = release(values_from, {"values.yaml": CONFIG_MAP, **files})
    text = planted["flux/kustomization.yaml"].replace("/kustomization.yaml", "")
    known, where = found(tmp_path, {**planted, "flux/kustomization.yaml": text})
    assert (known, where.split(",")[0]) == (None, f"flux/release.yaml:1: what the values of the {kind} 'more' are")


def test_of_config_maps_of_one_name_that_in_the_namespace_of_the_release_counts(tmp_path: Path) -> None:
    files = release("[{kind: ConfigMap, name: billing-values}]", {})
    files["flux/kustomization.yaml"] += "namespace: shop\n"
    for site, tag in {"shop": "2.5.0", "other": "2.6.0"}.items():
        files |= {
            f"{site}/kustomization.yaml": f"resources: [values.yaml]\nnamespace: {site}\n",
            f"{site}/values.yaml": CONFIG_MAP.replace("2.5.0", tag),
        }
    assert found(tmp_path, files) == ("2.5.0", "shop/values.yaml:9")


def test_the_line_of_a_quoted_text_is_that_of_its_key(tmp_path: Path) -> None:
    text = 'data:\n  values.yaml: "image:\\n  repository: acme/billing\\n  tag: 2.5.0\\n"\n'
    values = CONFIG_MAP.partition("\ndata:")[0] + f"\n{text}"
    files = release("[{kind: ConfigMap, name: billing-values}]", {"values.yaml": values})
    assert found(tmp_path, files) == ("2.5.0", "flux/values.yaml:5")


def test_values_that_only_a_cluster_has_change_no_version_of_a_chart(tmp_path: Path) -> None:
    assert found(tmp_path, release("[{kind: Secret, name: passwords}]", {})) == ("3.0.0", "flux/release.yaml:5")


def test_two_config_maps_of_one_name_say_nothing_together(tmp_path: Path) -> None:
    files = release("[{kind: ConfigMap, name: billing-values}]", {})
    for site, tag in {"north": "2.5.0", "south": "2.6.0"}.items():
        files |= {
            f"{site}/kustomization.yaml": "resources: [values.yaml]\n",
            f"{site}/values.yaml": CONFIG_MAP.replace("2.5.0", tag),
        }
    assert found(tmp_path, files) == ("3.0.0", "flux/release.yaml:5")  # its chart's: of an image nobody can tell


def test_of_generators_that_merge_the_outer_one_counts(tmp_path: Path) -> None:
    generator = "configMapGenerator:\n- {{name: v, behavior: {}, files: [values.yaml={}.yaml]}}\n"
    files = {
        "base/release.yaml": RELEASE.replace("CHART", "service").replace("FROM", "[{kind: ConfigMap, name: v}]"),
        "base/kustomization.yaml": f"resources: [release.yaml]\n{generator.format('create', 'a')}",
        "base/a.yaml": "image: {repository: acme/billing, tag: 2.0.0}\n",
        "site/kustomization.yaml": f"resources: [../base]\n{generator.format('merge', 'b')}",
        "site/b.yaml": "image: {repository: acme/billing, tag: 2.1.0}\n",
    }
    assert found(tmp_path, files) == ("2.1.0", "site/b.yaml:1")


def test_an_outer_generator_that_merges_by_a_literal_says_nothing(tmp_path: Path) -> None:
    generator = "configMapGenerator:\n- {{name: v, behavior: {}, {}}}\n"
    inner, outer = generator.format("create", "files: [values.yaml]"), generator.format("merge", "literals: [LITERAL]")
    files = {
        "base/release.yaml": RELEASE.replace("CHART", "service").replace("FROM", "[{kind: ConfigMap, name: v}]"),
        "base/kustomization.yaml": f"resources: [release.yaml]\n{inner}",
        "base/values.yaml": "image: {repository: acme/billing, tag: 2.0.0}\n",
    }
    for literal, version in (("other=1", "2.0.0"), ("'values.yaml=image: {tag: 9.0.0}'", "3.0.0")):
        site = {"site/kustomization.yaml": f"resources: [../base]\n{outer.replace('LITERAL', literal)}"}
        known, where = found(tmp_path / version, {**files, **site})
        assert known == version, where  # 3.0.0 is its chart's


@pytest.mark.parametrize(
    "values",
    ["{{ .all }}", "{{ .key }}: {tag: 2.0.0}", "'{{ .key }}': {tag: 2.0.0}", "a: [{b: {{{ .key }}: 1}}]"],
)
def test_a_parameter_that_may_be_any_key_hides_the_version(tmp_path: Path, values: str) -> None:
    source = "repoURL: https://git.test/acme/apps\n        path: billing"
    text = SET.replace("SOURCE", source).replace("            host: {{ .host }}\n", "")
    text = text.replace("image: {repository: acme/billing, tag: TAG}", values)
    known, where = found(tmp_path, {**CHART, "argo.yaml": text})
    assert (known, where[:38]) == (None, "argo.yaml:14: helm.values can't be rea")


@pytest.mark.parametrize(
    ("source", "tag", "version", "said"),
    [
        ("{repoURL: https://git.test/acme/apps, path: billing}", "2.0.0", "2.0.0", "argo.yaml:16"),
        (
            "{repoURL: https://git.test/acme/apps, path: billing}",
            "'{{ .tag }}'",
            None,
            "what sets the tag of its image is no tag (argo.yaml:16)",
        ),
        ("{repoURL: https://git.test/acme/apps, path: billing}", "{{ .tag }}", None, "is no tag (argo.yaml:16)"),
        ("{repoURL: https://charts.test, chart: billing, targetRevision: 4.0.0}", "{{", "4.0.0", "argo.yaml:13"),
    ],
)
def test_values_in_which_a_parameter_stays_open_are_read_besides(
    tmp_path: Path, source: str, tag: str, version: str | None, said: str
) -> None:
    lines = source.strip("{}").replace(", ", "\n        ")
    files = {**CHART, "argo.yaml": SET.replace("SOURCE", lines).replace("TAG", tag)}
    if "chart:" in source:
        files = {"argo.yaml": files["argo.yaml"]}
    known, where = found(tmp_path, files)
    assert known == version, where
    assert said in where


def test_the_name_of_an_environment_may_be_written_for_later(tmp_path: Path) -> None:
    values = "values: ['env/{{`{{ .Environment.Name }}`}}/{{`{{ .Release.Name }}`}}.yaml']"
    text = "environments: {qa: {}, production: {}}\n---\nreleases:\n- name: billing\n  chart: ./billing\n"
    files = {
        **SETTINGS,
        **CHART,
        "helmfile.yaml": f"{text}  {values}\n",
        "env/qa/billing.yaml": "image: {tag: 3.0.0}\n",
    }
    listing = listed(tmp_path, {**files, "env/production/billing.yaml": "image: {tag: 2.0.0}\n"})
    assert {name: (each["version"], place(each)) for name, each in listing.items()} == {
        "billing/qa": ("3.0.0", "env/qa/billing.yaml:1"),
        "billing/production": ("2.0.0", "env/production/billing.yaml:1"),
    }


@pytest.mark.parametrize(
    "patches",
    [
        "jsonPatches: [{target: {}, patch: [{op: remove, path: /spec/template/spec/containers/0}]}]",
        "jsonPatches: [{target: {}, patch: [{op: move, from: /spec/template, path: /metadata/a}]}]",
        "strategicMergePatches: [{kind: Deployment, spec: {template: {spec: {containers: null}}}}]",
        "strategicMergePatches: [{kind: Deployment, spec: {template: {spec: {containers: [{$patch: replace}]}}}}]",
    ],
)
def test_a_patch_of_whole_containers_hides_the_version(tmp_path: Path, patches: str) -> None:
    text = f"releases:\n- name: billing\n  chart: ./billing\n  {patches}\n"
    known, where = found(tmp_path, {**CHART, "helmfile.yaml": text})
    assert known is None
    assert "may change its image" in where


def test_a_patch_of_other_parts_leaves_the_version(tmp_path: Path) -> None:
    patch = "[{op: replace, path: /spec/replicas, value: 3}, {op: add, path: /spec/template/spec/volumes/-, value: {}}]"
    text = f"releases:\n- name: billing\n  chart: ./billing\n  jsonPatches: [{{target: {{}}, patch: {patch}}}]\n"
    assert found(tmp_path, {**CHART, "helmfile.yaml": text}) == ("1.0.0", "billing/values.yaml:1")


def test_a_set_that_a_chart_writes_is_told(tmp_path: Path) -> None:
    text = SET.replace("SOURCE", "repoURL: {{ .Values.repository }}\n        path: billing").replace("TAG", "1.0.0")
    files = {
        **SETTINGS,
        "root/Chart.yaml": "apiVersion: v2\nname: root\nversion: 1.0.0\n",
        "root/templates/set.yaml": text,
    }
    root = plant(tmp_path / "apps", files)
    done = CliRunner().invoke(main, ["catalog", "export", str(root)], catch_exceptions=False)
    assert "ApplicationSets that weren't evaluated: 1 seen, 0 represented; 1 not: a template names" in done.stderr


@pytest.mark.parametrize(("releases", "is_told"), [("- name: billing\n  <<: *shared\n", True), ("# none yet\n", False)])
def test_a_helmfile_that_is_not_yaml_without_its_templates_is_told(
    tmp_path: Path, releases: str, *, is_told: bool
) -> None:
    text = f'{{{{ readFile "shared.yaml" }}}}\n\nreleases:\n{releases}'
    done = CliRunner().invoke(
        main, ["catalog", "export", str(plant(tmp_path / "apps", {**SETTINGS, "helmfile.yaml": text}))]
    )
    assert ("apps:helmfile.yaml:3: the releases of this helmfile are not known" in done.stderr) is is_told
