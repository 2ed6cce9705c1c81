"""What newcomers write by mistake is told by an export, and isn't silently left out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.scenarios.repositories import plant

CHART = "apiVersion: v2\nname: {}\nversion: 1.0.0\n"
SHOP: Mapping[str, str] = {
    path: text
    for name in ("billing", "cart", "mail")
    for path, text in {
        f"{name}/Chart.yaml": CHART.format(name),
        f"{name}/values.yaml": "a: 1\n",
        f"{name}/values-harbour.yaml": "a: 2\n",
        f"{name}/values-qa.yaml": "a: 2\n",
    }.items()
}
COMMON = "dependencies: [{name: common, version: 1.0.0, repository: 'file://../lib/common'}]\n"


def said(tmp_path: Path, files: Mapping[str, str]) -> str:
    root = plant(tmp_path / "apps", {**SHOP, **files})
    done = CliRunner().invoke(main, ["catalog", "export", str(root), "--verbose"], catch_exceptions=False)
    return done.stderr + done.stdout


def test_names_of_environments_that_nothing_has_are_told_with_those_that_are_there(tmp_path: Path) -> None:
    shown = said(tmp_path, {"scenedock.yaml": "environments: {known: [produktion]}\n"})
    assert "apps:scenedock.yaml: nothing here has an environment that `environments.known` names" in shown
    assert "(produktion), and no others count; values files name harbour, qa" in shown


def test_names_of_which_one_is_there_are_no_mistake(tmp_path: Path) -> None:
    assert "nothing here has an environment" not in said(
        tmp_path, {"scenedock.yaml": "environments: {known: [qa, gone]}\n"}
    )


@pytest.mark.parametrize(
    ("known", "near"),
    [("[qa, harbor]", "names 'harbor', which nothing here has; 'harbour' doesn't count"), ("[qa, market]", "")],
)
def test_a_misspelt_name_beside_right_ones_is_told_with_the_one_that_is_there(
    tmp_path: Path, known: str, near: str
) -> None:
    shown = said(tmp_path, {"scenedock.yaml": f"environments: {{known: {known}}}\n"})

    assert near in shown
    assert ("doesn't count" in shown) is bool(near)


def test_advice_about_environments_keeps_those_that_argo_cd_proves(tmp_path: Path) -> None:
    application = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: billing-pier}\nspec:\n"
        "  source: {repoURL: 'https://git.acme.test/apps', path: billing, targetRevision: HEAD,\n"
        "    helm: {valueFiles: [values.yaml, values-pier.yaml]}}\n"
        "  destination: {name: pier, namespace: billing}\n"
    )
    files = {f"{name}/values-quay.yaml": "a: 3\n" for name in ("billing", "cart", "mail")}
    shown = said(
        tmp_path,
        {**files, "billing/values-pier.yaml": "a: 4\n", "argocd/billing.yaml": application,
         "scenedock.yaml": "repository: https://git.acme.test/apps\n"},
    )  # fmt: skip
    assert "known: [harbour, pier, qa, quay]" in shown


@pytest.mark.parametrize("name", ["scenedock.yml", ".scenedock.yaml"])
def test_settings_under_another_name_are_told(tmp_path: Path, name: str) -> None:
    assert f"{name} is not read: settings are in scenedock.yaml" in said(tmp_path, {name: "owner: platform\n"})


def test_a_key_that_settings_have_twice_is_told_with_both_lines(tmp_path: Path) -> None:
    shown = said(tmp_path, {"scenedock.yaml": "owner: platform\nbranch: main\nowner: payments\n"})
    assert "apps:scenedock.yaml:3" in shown
    assert "'owner' is set on line 1 and again here; the last one counts" in shown


def test_a_local_chart_that_is_not_there_is_told(tmp_path: Path) -> None:
    chart = {"billing/Chart.yaml": CHART.format("billing") + COMMON}
    message = "the dependency 'common' is a chart in lib/common, where there is none"
    assert message in said(tmp_path / "gone", chart)
    assert message not in said(tmp_path / "there", {**chart, "lib/common/Chart.yaml": CHART.format("common")})
    vendored = {**chart, "billing/charts/common/Chart.yaml": CHART.format("common")}
    assert message not in said(tmp_path / "vendored", vendored)
