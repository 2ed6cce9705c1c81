"""The Applications that a repository makes, without a server."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.repositories import plant
from tests.usecases.manifests.repository import FILES, document, printed

CLUSTERS = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: everywhere}
spec:
  generators: [{clusters: {}}]
  template:
    metadata: {name: 'agent-{{name}}'}
    spec: {source: {repoURL: https://git.test/acme/apps, path: search}}
"""


def test_what_is_written_what_sets_make_and_what_charts_write_is_listed_with_its_line(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", {**FILES, "argocd/everywhere.yaml": CLUSTERS})
    listed = document("applications", "list", root)
    found = {each["name"]: each for each in listed["applications"]}

    assert sorted(found) == ["billing-production", "billing-qa", "search-production", "search-qa"]
    billing, search = found["billing-qa"], found["search-production"]
    assert (billing["file"], billing["line"]) == ("environments/templates/apps.yaml", 4)
    assert (search["file"], search["line"], search["madeBy"]) == ("argocd/search.yaml", 1, "ApplicationSet search")
    assert (billing["service"], billing["environment"], billing["project"]) == ("billing", "qa", "shop")
    assert (billing["destination"], search["destination"]) == ("qa", "https://production.test")
    assert billing["sources"] == [
        {
            "repository": "https://git.test/acme/apps",
            "path": "billing",
            "chart": None,
            "revision": "main",
            "valueFiles": ["values.yaml", "values-qa.yaml"],
        }
    ]
    (unknown,) = listed["notEvaluated"]
    assert (unknown["file"], unknown["line"]) == ("argocd/everywhere.yaml", 1)
    assert "needs a cluster" in unknown["reason"]


def test_that_there_are_none_is_said(tmp_path: Path) -> None:
    text = printed("applications", "list", plant(tmp_path, {"billing/values.yaml": "a: 1\n"}))
    assert text.startswith("These repositories make no Argo CD Applications.\n")


def test_the_table_has_a_line_for_each_and_without_helm_says_what_is_missing(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", FILES)
    assert "billing-qa" in printed("applications", "list", root, "--format", "csv")
    text = printed("applications", "list", root, "--helm", tmp_path / "helm")
    assert "search-qa" in text
    assert "billing-qa" not in text
    assert "environments/Chart.yaml: app of apps environments: there is no" in text
    assert "2 Applications, 1 not evaluated" in text
