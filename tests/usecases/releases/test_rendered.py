"""The real Helm shows which version is a service's own where values leave it open, and whether the others are right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from scenedock.doors.cli import main
from scenedock.doors.http.app import make_app
from scenedock.model.action import BASE_PATH
from scenedock.usecases.catalog.build_feed import build_feed
from tests.scenarios.repositories import plant
from tests.tools.commits import commit
from tests.tools.helm import helm
from tests.tools.service import READ, bearer, service_in

CHART = "apiVersion: v2\nname: {}\nversion: 1.0.0\n"
DEPLOYMENT = """\
kind: Deployment
metadata: {{ name: {{{{ .Release.Name }}}} }}
spec:
  template:
    spec:
      containers:
        - name: {}
          image: "{{{{ .Values.one.image.repository }}}}:{{{{ .Values.one.image.tag }}}}"
        - name: proxy
          image: "{{{{ .Values.two.image.repository }}}}:{{{{ .Values.two.image.tag }}}}"
"""
VALUES = "one: {image: {repository: acme/one, tag: 1.0.0}}\ntwo: {image: {repository: acme/two, tag: 2.0.0}}\n"
AMBIGUOUS = "several images may be its own: 1.0.0 (billing/values.yaml:1) and 2.0.0 (billing/values.yaml:2)"


def billing(container: str = "billing") -> dict[str, str]:
    return {
        "billing/Chart.yaml": CHART.format("billing"),
        "billing/values.yaml": VALUES,
        "billing/templates/deployment.yaml": DEPLOYMENT.format(container),
    }


def run(*arguments: str | Path, helm_path: str | None = None) -> Result:
    program = ["--helm", helm_path or str(helm("4"))]
    return CliRunner().invoke(main, ["deployments", *map(str, arguments), *program], catch_exceptions=False)


def shown(root: Path, helm_path: str | None = None) -> dict[str, Any]:
    done = run("show", "billing", root, "--format", "json", helm_path=helm_path)
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)
    return dict(found)


def test_rendering_decides_between_two_images(tmp_path: Path) -> None:
    found = shown(plant(tmp_path, billing()))
    assert (found["version"], found["image"], found["file"], found["line"]) == (
        "1.0.0",
        "acme/one",
        "billing/values.yaml",
        1,
    )
    assert (found["rendered"], found["reason"]) == (True, None)
    text = run("show", "billing", tmp_path).stdout
    assert "billing/values.yaml:1: *.image.tag of acme/one, its own as rendered" in text


def test_the_image_that_rendering_chose_counts_in_earlier_commits(tmp_path: Path) -> None:
    commit(tmp_path / "apps", 1, billing())
    commit(tmp_path / "apps", 2, {"billing/values.yaml": VALUES.replace("1.0.0", "1.1.0")})
    commit(tmp_path / "apps", 3, {"billing/values.yaml": VALUES.replace("1.0.0", "1.1.0").replace("2.0.0", "2.1.0")})
    done = run("history", "billing", tmp_path / "apps", "--format", "json")
    (history,) = json.loads(done.stdout)
    found = [(each["version"], each["since"][11:13]) for each in history["versions"]]
    assert (found, history["incomplete"]) == ([("1.1.0", "02"), ("1.0.0", "01")], None)


def test_without_helm_both_lines_are_named_as_before(tmp_path: Path) -> None:
    root = plant(tmp_path, billing())
    for nowhere in ("", str(tmp_path / "helm")):
        found = shown(root, nowhere or "no-such-program")
        assert (found["version"], found["reason"], found["rendered"]) == (None, AMBIGUOUS, False)


def test_what_rendering_does_not_show_is_not_guessed(tmp_path: Path) -> None:
    found = shown(plant(tmp_path, billing("app")))
    places = "1.0.0 in app of Deployment billing and 2.0.0 in proxy of Deployment billing"
    assert found["reason"] == f"{AMBIGUOUS}; rendered, {places}"


def test_why_a_chart_can_not_be_rendered_is_said(tmp_path: Path) -> None:
    files = billing() | {"billing/templates/other.yaml": '{{ fail "not like this" }}'}
    reason = shown(plant(tmp_path, files))["reason"]
    assert reason.startswith(f"{AMBIGUOUS}; it can't be rendered: helm refuses it: ")
    assert "not like this" in reason


def test_a_list_is_rendered_on_request(tmp_path: Path) -> None:
    root = plant(tmp_path, billing())
    assert AMBIGUOUS in run("list", root).stdout
    assert "1 deployment: 1 with a version" in run("list", root, "--render").stdout
    refused = run("list", root, "--render", helm_path=str(tmp_path / "helm"))
    assert (refused.exit_code, "set SCENEDOCK_HELM" in refused.stderr) == (2, True)


def test_the_service_renders_the_one_that_is_shown(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", billing())
    service = service_in(tmp_path / "data", repositories=(str(root),), helm=str(helm("3")))
    service.feed.build = build_feed
    service.feed.refresh()
    client = make_app(service).test_client()
    try:
        answers: Any = [
            client.get(f"{BASE_PATH}/{path}", headers=bearer(READ)).json["deployments"]  # type: ignore[index]
            for path in ("services/billing/deployments", "deployments")
        ]
    finally:
        service.stop()
    assert [[each["version"] for each in answer] for answer in answers] == [["1.0.0"], [None]]


SHOP = {
    "cart/Chart.yaml": CHART.format("cart"),
    "cart/values.yaml": "image: {repository: acme/cart, tag: 1.0.0}\n",
    "cart/values-qa.yaml": "image: {tag: 1.1.0}\n",
    "cart/values-production.yaml": "replicas: 2\n",
    "cart/templates/a.yaml": 'image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"\n',
    "wrong/Chart.yaml": CHART.format("wrong"),
    "wrong/values.yaml": "image: {repository: acme/wrong, tag: 1.0.0}\n",
    "wrong/templates/a.yaml": 'image: "{{ .Values.image.repository }}:2.0.0"\n',
    "far/Chart.yaml": f"{CHART.format('far')}dependencies: [{{name: x, version: 1, repository: 'https://c.test'}}]\n",
    "far/values.yaml": "image: {repository: acme/far, tag: 1.0.0}\n",
    "none/Chart.yaml": CHART.format("none"),
    "none/values.yaml": "image: {repository: acme/none, tag: 1.0.0}\n",
}


@pytest.mark.parametrize("version", ["3", "4"])
def test_known_versions_are_compared_with_what_is_rendered(tmp_path: Path, version: Any) -> None:
    root = plant(tmp_path, SHOP)
    done = run("verify", root, helm_path=str(helm(version)))
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        f"wrong: 1.0.0 ({tmp_path.name}:wrong/values.yaml:1), but rendered are acme/wrong:2.0.0",
        "far: not rendered: far/Chart.yaml: needs a network, or these charts in far/charts: x from https://c.test",
        "none: not compared: it renders no image",
        "2 of 3 versions are as rendered; 1 can't be rendered, 1 can't be compared",
    ]


def test_a_comparison_can_be_read_by_programs(tmp_path: Path) -> None:
    files = {path: text for path, text in SHOP.items() if path.startswith("cart/")}
    done = run("verify", plant(tmp_path, files), "--format", "json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)[0] == {
        "service": "cart",
        "environment": "qa",
        "repository": tmp_path.name,
        "version": "1.1.0",
        "verdict": "same",
        "images": ["acme/cart:1.1.0"],
        "reason": None,
    }
