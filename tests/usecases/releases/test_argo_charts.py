"""Which version of a chart from elsewhere Argo CD's Applications say is where, and in which line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.usecases.releases.listing import listed, place

HEAD = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\nspec:\n"
SETTINGS = {"scenedock.yaml": "repository: https://git.test/acme/apps\n"}


def application(name: str, *sources: str) -> str:
    return HEAD.format(name=name) + "  sources:\n" + "".join(f"    - {{{each}}}\n" for each in sources)


def test_the_revision_of_an_application_is_the_version_of_its_chart(tmp_path: Path) -> None:
    source = (
        HEAD.format(name="search") + "  source:\n    chart: search\n    repoURL: https://charts.test\n"
        "    targetRevision: 3.1.0\n"
    )
    values = "repoURL: https://git.test/acme/apps, ref: values"
    of_git = (
        "repoURL: https://git.test/acme/mail, path: charts/mail, helm: {valueFiles: [values.yaml]}, targetRevision: "
    )
    found = listed(
        tmp_path,
        {
            **SETTINGS,
            "argocd/search.yaml": source,
            "argocd/redis.yaml": application(
                "redis", "repoURL: oci://r.test/redis, chart: redis, targetRevision: '*'", values
            ),
            "argocd/mail.yaml": application("mail", f"{of_git}v1.2.0"),
            "argocd/news.yaml": application("news", f"{of_git}main".replace("mail", "news")),
        },
    )

    said = {name: (each["version"], each["chart"], each["shape"], place(each)) for name, each in found.items()}
    assert said == {
        "search": ("3.1.0", "search", "targetRevision", "argocd/search.yaml:8"),
        "redis": ("*", "redis", "targetRevision", "argocd/redis.yaml:6"),
        "mail": ("v1.2.0", "mail", "targetRevision", "argocd/mail.yaml:6"),
        "news": (None, "news", None, "None:None"),
    }
    assert found["news"]["reason"] == "its chart comes from another git repository, at no version (argocd/news.yaml:6)"
    assert [each["code"] for each in found["redis"]["findings"]] == ["mutable-version"]


def test_of_several_charts_only_the_one_with_its_name_is_the_services_own(tmp_path: Path) -> None:
    def chart(name: str, version: str) -> str:
        files = f"helm: {{valueFiles: [$values/values/{name}.yaml]}}"
        return f"repoURL: https://charts.test, chart: {name}, targetRevision: {version}, {files}"

    charts = chart("billing", "1.0.0"), chart("mlflow", "2.0.0")
    values = "repoURL: https://git.test/acme/apps, ref: values"
    found = listed(
        tmp_path,
        {
            **SETTINGS,
            "argocd/billing.yaml": application("billing", *charts, values),
            "argocd/platform.yaml": application("platform", *charts, values),
            "values/billing.yaml": "replicas: 2\n",
            "values/mlflow.yaml": "image: {repository: acme/mlflow, tag: 3.7.0}\n",
        },
    )

    assert (found["billing"]["version"], place(found["billing"])) == ("1.0.0", "argocd/billing.yaml:6")
    assert found["platform"]["version"] is None
    assert found["platform"]["reason"] == (
        "it installs several charts from elsewhere: "
        "billing 1.0.0 (argocd/platform.yaml:6), mlflow 2.0.0 (argocd/platform.yaml:7)"
    )


def test_the_line_of_a_generators_element_has_the_version(tmp_path: Path) -> None:
    text = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: search}
spec:
  generators:
  - list:
      elements:
      - {env: qa, version: 2.0.0}
      - {env: production, version: 1.0.0}
  template:
    metadata: {name: "search-{{env}}", labels: {environment: "{{env}}"}}
    spec:
      source: {repoURL: "https://charts.test", chart: search, targetRevision: "{{version}}"}
"""
    found = listed(tmp_path, {**SETTINGS, "argocd/search.yaml": text})

    assert {name: (each["version"], place(each)) for name, each in found.items()} == {
        "search/qa": ("2.0.0", "argocd/search.yaml:8"),
        "search/production": ("1.0.0", "argocd/search.yaml:9"),
    }


@pytest.mark.parametrize(
    ("written", "version", "reason"),
    [
        ("4.2.0", "4.2.0", None),
        (
            "{{ .Values.redis.version }}",
            None,
            "a template fills in the version of its chart (root/templates/redis.yaml:2)",
        ),
    ],
)
def test_the_template_of_an_app_of_apps_says_the_version_if_it_is_literal(
    tmp_path: Path, written: str, version: str | None, reason: str | None
) -> None:
    template = (
        "{{- if .Values.redis.enabled }}\n"
        + HEAD.format(name="redis")
        + "  source:\n    chart: redis\n    repoURL: https://charts.test\n"
        + f'    targetRevision: "{written}"\n'
        + "{{- end }}\n"
    )
    found = listed(
        tmp_path,
        {
            **SETTINGS,
            "root/Chart.yaml": "apiVersion: v2\nname: root\nversion: 1.0.0\n",
            "root/values.yaml": "redis: {enabled: true}\n",
            "root/templates/redis.yaml": template,
        },
    )

    assert (found["redis"]["version"], found["redis"]["reason"]) == (version, reason)
    assert place(found["redis"]) == ("root/templates/redis.yaml:9" if version else "None:None")


def test_a_range_is_a_version_that_moves(tmp_path: Path) -> None:
    ranges = {"a": "1", "b": "v1.2", "c": "1.x.x", "d": "1.0.0 - 2.0.0", "e": "X", "f": "1.2.3"}
    files = {
        f"argocd/{name}.yaml": application(name, f"repoURL: https://c.test, chart: {name}, targetRevision: '{version}'")
        for name, version in ranges.items()
    }
    found = listed(tmp_path, {**SETTINGS, **files})

    codes = {name: [each["code"] for each in found[name]["findings"]] for name in ranges}
    assert codes == {name: [] if name == "f" else ["mutable-version"] for name in ranges}


def test_a_revision_in_a_block_of_a_template_is_not_known(tmp_path: Path) -> None:
    source = "  source:\n    repoURL: https://c.test\n    chart: redis\n"
    blocks = {
        "both": (
            "    {{- if .Values.new }}\n    targetRevision: 2.0.0\n"
            "    {{- else }}\n    targetRevision: 1.0.0\n    {{- end }}\n"
        ),
        "last": "    targetRevision: 1.0.0\n    {{- if .Values.new }}\n    targetRevision: 2.0.0\n    {{- end }}\n",
        "plain": "    targetRevision: 1.0.0\n",
    }
    found = {}
    for name, revision in blocks.items():
        template = "{{- if .Values.redis }}\n" + HEAD.format(name="redis") + source + revision + "{{- end }}\n"
        files = {
            "apps/Chart.yaml": "apiVersion: v2\nname: apps\nversion: 1.0.0\n",
            "apps/values.yaml": "redis: true\n",
            "apps/templates/redis.yaml": template,
        }
        found[name] = listed(tmp_path / name, {**SETTINGS, **files})["redis"]

    assert {name: each["version"] for name, each in found.items()} == {"both": None, "last": None, "plain": "1.0.0"}
    assert found["both"]["reason"].startswith(
        "a template fills in the version of its chart (apps/templates/redis.yaml:"
    )


def test_values_files_of_another_revision_may_not_be_what_was_read(tmp_path: Path) -> None:
    chart = "repoURL: https://c.test, chart: billing, targetRevision: 1.0.0, helm: {valueFiles: [$values/v.yaml]}"
    values = "repoURL: https://git.test/acme/apps, ref: values, targetRevision: {}"
    files = {**SETTINGS, "v.yaml": "image: {repository: acme/billing, tag: 1.1.1}\n"}
    for revision, version in {"main": "1.1.1", "release-1": None}.items():
        manifest = {"argocd/billing.yaml": application("billing", chart, values.format(revision))}
        assert listed(tmp_path / revision, {**files, **manifest})["billing"]["version"] == version
