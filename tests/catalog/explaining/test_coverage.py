"""What a run says of what is deployed and has no entity."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from scenedock.doors.cli import main

OFF = "layouts: {argocd: false, fleet: false, flux: false, helmfile: false, kustomize: false}\n"
CHART = "apiVersion: v2\nname: a\nversion: 1.0.0\n"
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}}}
spec: {{source: {source}, destination: {{namespace: {name}}}}}
"""
RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: billing
spec:
  chart: {spec: {chart: webapp}}
"""
KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [release.yaml]\n"


@dataclass(frozen=True)
class Run:
    """What an export says: its lines, and its report."""

    lines: Sequence[str]
    report: Mapping[str, Any]

    @property
    def coverage(self) -> list[str]:
        return [line for line in self.lines if " seen, " in line]

    def finding(self, code: str) -> str:
        (found,) = [each for each in self.report["findings"] if each["code"] == code]
        return f"{found['message']}. {found['remedy']}"


def export(tmp_path: Path, files: Mapping[str, str], *, name: str = "repo") -> Run:
    for path, text in files.items():
        (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name / path).write_text(text)
    report = tmp_path / "report.json"
    arguments = ["catalog", "export", str(tmp_path / name), "-o", str(tmp_path / "out.yaml"), "--report", str(report)]
    done = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert done.exit_code in {0, 1}, done.output
    return Run(done.output.splitlines(), json.loads(report.read_bytes()))


def application(name: str, source: str) -> str:
    return APPLICATION.format(name=name, source=source)


def test_applications_are_counted_with_the_reasons_against_the_rest(tmp_path: Path) -> None:
    run = export(
        tmp_path,
        {
            "services/billing/Chart.yaml": CHART,
            "services/cart/Chart.yaml": CHART,
            "scenedock.yaml": "folders: {exclude: [services/cart]}\nrepository: https://github.com/acme/apps\n",
            "argo/root.yaml": application("root", "{path: argo/apps}"),
            "argo/apps/billing.yaml": application("billing", "{path: services/billing}"),
            "argo/apps/cart.yaml": application("cart", "{path: services/cart}"),
            "argo/apps/redis.yaml": application("redis", "{chart: redis, repoURL: https://charts.acme.example}"),
            "argo/apps/shop.yaml": application("shop", "{path: shop, repoURL: 'https://github.com/acme/other'}"),
        },
    )

    assert "".join(run.coverage) == (
        "Argo CD Applications: 4 seen, 2 represented; "
        "1 not: their folders are skipped: excluded by settings (repo:argo/apps/cart.yaml:1); "
        "1 not: they deploy folders of repositories that are not part of this run (repo:argo/apps/shop.yaml:1)"
    )
    (counted,) = run.report["coverage"]
    assert (counted["kind"], counted["seen"], counted["represented"]) == ("Argo CD Application", 4, 2)
    assert counted["missing"][1] == {
        "reason": "they deploy folders of repositories that are not part of this run",
        "count": 1,
        "repository": "repo",
        "path": "argo/apps/shop.yaml",
        "line": 1,
    }


def test_what_a_template_names_and_what_a_plugin_makes_is_said(tmp_path: Path) -> None:
    said = export(
        tmp_path,
        {
            "root/Chart.yaml": CHART,
            "root/templates/a.yaml": APPLICATION.format(name="keydb", source="{chart: {{ .Values.chart }} }")
            + "---\n"
            + APPLICATION.format(name="{{ .name }}", source="{chart: '{{ .Values.chart }}'}"),
            "argocd/b.yaml": APPLICATION.format(name="loki", source="{path: ., plugin: {name: helmfile}}"),
        },
    )
    plugin = "1 not: a plugin makes what they deploy (repo:argocd/b.yaml:1)"
    template = "1 not: a template names what they deploy (repo:root/templates/a.yaml:1)"
    assert said.coverage == [f"Argo CD Applications: 2 seen, 0 represented; {plugin}; {template}"]


def test_where_all_is_represented_one_line_says_so(tmp_path: Path) -> None:
    run = export(
        tmp_path,
        {"billing/Chart.yaml": CHART, "argo/billing.yaml": application("billing", "{path: billing}")},
    )
    assert run.coverage == ["Argo CD Applications: 1 seen, 1 represented"]


def test_a_repository_of_charts_alone_has_no_such_line(tmp_path: Path) -> None:
    run = export(tmp_path, {"billing/Chart.yaml": CHART})
    assert (run.coverage, run.report["coverage"]) == ([], [])


def test_an_application_set_that_only_a_cluster_can_evaluate_counts_by_itself(tmp_path: Path) -> None:
    text = (
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all}\n"
        "spec: {generators: [{clusters: {}}], template: {metadata: {name: '{{name}}-x'}, spec: {}}}\n"
    )
    run = export(tmp_path, {"billing/Chart.yaml": CHART, "argo/set.yaml": text})
    assert "".join(run.coverage) == (
        "Argo CD ApplicationSets that weren't evaluated: 1 seen, 0 represented; "
        "1 not: only a cluster can evaluate them (repo:argo/set.yaml:1)"
    )


def test_a_release_that_nothing_deploys_is_named_with_the_reason(tmp_path: Path) -> None:
    flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\n"
    files = {
        "clusters/prod/apps.yaml": f"# all of them\n---\n{flux}spec:\n  path: ./apps\n",
        "apps/billing/release.yaml": RELEASE,
        "apps/billing/kustomization.yaml": "resources: []\n",
    }
    run = export(tmp_path, files)

    assert run.finding("no-charts").startswith(
        "the repository has no Chart.yaml of a deployment; it has 1 Flux HelmRelease (apps/billing/release.yaml:1), "
        "1 Kustomize folder (apps/billing/kustomization.yaml:1). "
    )
    assert run.coverage == [
        (
            "Flux HelmReleases: 1 seen, 0 represented; "
            "1 not: no kustomization lists their files (repo:apps/billing/release.yaml:1)"
        ),
        (
            "Kustomize folders: 1 seen, 0 represented; "
            "1 not: they take nothing that is in the repository (repo:apps/billing/kustomization.yaml:1)"
        ),
    ]
    listed = {**files, "apps/billing/kustomization.yaml": "resources: [release.yaml]\n"}
    assert export(tmp_path, listed, name="listed").coverage == ["Flux HelmReleases: 1 seen, 1 represented"]


def test_an_empty_result_names_helmfile_and_what_makes_components_of_it(tmp_path: Path) -> None:
    files = {
        "helmfile.yaml": "releases:\n- {name: billing, chart: acme/webapp}\n- name: cart\n  chart: ./charts/cart\n",
    }
    run = export(tmp_path, {**files, "scenedock.yaml": OFF})

    assert "it has 2 helmfile releases (helmfile.yaml:2). A release becomes a Component" in run.finding("no-charts")
    read = export(tmp_path, files, name="read")
    assert "".join(read.coverage) == (
        "helmfile releases: 2 seen, 1 represented; "
        "1 not: their folders have neither a chart nor manifests (read:helmfile.yaml:3)"
    )
    followed = export(
        tmp_path, {**files, "scenedock.yaml": "apps: [{file: helmfile.yaml, items: releases}]\n"}, name="followed"
    )
    assert followed.coverage == ["helmfile releases: 2 seen, 2 represented"]
    assert "2 Components" in followed.lines[-1]


def test_an_empty_result_names_fleet(tmp_path: Path) -> None:
    run = export(tmp_path, {"fleet/billing/fleet.yaml": "defaultNamespace: billing\n", ".fleet/fleet.yaml": ""})
    assert "it has 1 Fleet bundle (fleet/billing/fleet.yaml:1). " in run.finding("no-charts")


def test_a_nearly_empty_result_is_a_warning_that_names_the_tool(tmp_path: Path) -> None:
    files = {f"components/c{number}/kustomization.yaml": KUSTOMIZATION for number in range(6)}
    run = export(tmp_path, {"charts/cart/Chart.yaml": CHART, **files})

    assert run.finding("mostly-not-represented").startswith(
        "most of what the repository deploys has no entity: 6 Kustomize folders (components/c0/kustomization.yaml:1). "
    )
    files = {f"charts/d{number}/Chart.yaml": CHART for number in range(6)} | files
    run = export(tmp_path, {**files, "charts/cart/Chart.yaml": CHART}, name="half")
    assert "mostly-not-represented" not in {each["code"] for each in run.report["findings"]}


def test_code_scanning_gets_the_coverage_among_the_properties(tmp_path: Path) -> None:
    export(tmp_path, {"billing/Chart.yaml": CHART, "argo/billing.yaml": application("billing", "{path: billing}")})

    done = CliRunner().invoke(main, ["catalog", "check", str(tmp_path / "repo"), "--format", "sarif"])

    (run,) = json.loads(done.stdout)["runs"]
    assert run["properties"] == {"coverage": ["Argo CD Applications: 1 seen, 1 represented"]}
