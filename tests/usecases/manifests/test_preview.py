"""What changed files do to each environment, rendered by the real Helm."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenedock.effects.git.repositories import RepositoryFolder
from scenedock.effects.helm.program import HelmProgram
from scenedock.manifests.text import as_text
from scenedock.usecases.manifests.preview import preview
from scenedock.usecases.manifests.tools import RenderingTools
from tests.scenarios.repositories import plant
from tests.tools.helm import helm

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: billing}
spec:
  template:
    spec:
      containers:
      - {name: billing, image: "acme/billing:{{ .Values.tag }}"}
"""
FILES = {
    "billing/Chart.yaml": "apiVersion: v2\nname: billing\nversion: 1.0.0\n",
    "billing/templates/deployment.yaml": DEPLOYMENT,
    "billing/values.yaml": "tag: 1.0.0\n",
    "billing/values-qa.yaml": "tag: 1.1.0\n",
    "billing/values-production.yaml": "replicas: 2\n",
    "search/Chart.yaml": "apiVersion: v2\nname: search\nversion: 1.0.0\n",
    "search/templates/broken.yaml": '{{ fail "this must not be rendered" }}',
}


@pytest.fixture
def tools() -> RenderingTools:
    return RenderingTools(HelmProgram(str(helm("4"))))


def test_only_what_has_changed_files_is_rendered_and_only_what_differs_is_said(
    tmp_path: Path, tools: RenderingTools
) -> None:
    repositories = {"apps": RepositoryFolder(plant(tmp_path, FILES))}
    found = preview(repositories, "apps", {"billing/values.yaml": b"tag: 2.0.0\n"}, tools)
    text = as_text(found)

    assert [str(pair) for pair in found.pairs] == ["billing in production"]
    assert "1.0.0" in text
    assert "2.0.0" in text
    assert found.unrendered == ()
    assert found.compared == 2


def test_a_chart_that_is_new_or_gone_is_compared_with_nothing(tmp_path: Path, tools: RenderingTools) -> None:
    repositories = {"apps": RepositoryFolder(plant(tmp_path, FILES))}
    gone = dict.fromkeys((path for path in FILES if path.startswith("billing/")), None)
    found = preview(repositories, "apps", gone, tools)
    assert found.manifests["removed"] == 2
    assert sorted(str(pair) for pair in found.pairs) == ["billing in production", "billing in qa"]


def test_what_can_not_be_rendered_after_a_change_is_said_with_helms_reason(
    tmp_path: Path, tools: RenderingTools
) -> None:
    repositories = {"apps": RepositoryFolder(plant(tmp_path, FILES))}
    found = preview(repositories, "apps", {"billing/values-qa.yaml": b"tag: [\n"}, tools)
    (unrendered,) = found.unrendered
    assert [str(pair) for pair in unrendered.pairs] == ["billing in qa"]
    assert "billing/values-qa.yaml" in unrendered.reason
