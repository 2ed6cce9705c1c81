"""The alerts that the library chart has built in, checked and tested by Prometheus' own tool."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from tests.skeletons.shipped.gitops import Repository
from tests.skeletons.shipped.world import LOCKS, attempt, run
from tests.tools.promtool import promtool


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the rules that a PrometheusRule of the service `hello` has, and their tests."""
    folder = tmp_path_factory.mktemp("alerts")
    repository = Repository(tmp_path_factory.mktemp("apps"), "4")
    repository.deploy({"service": "hello"})
    manifests = repository.render("hello", "dev", "--set", "workload.prometheusRule.enabled=true")
    (rule,) = (each for each in manifests if each["kind"] == "PrometheusRule")
    (folder / "rules.yaml").write_text(yaml.safe_dump(rule["spec"]), encoding="utf-8")
    shutil.copy(LOCKS / "alerts" / "built-in.test.yaml", folder)
    return folder


def test_prometheus_accepts_the_rules(rules: Path) -> None:
    assert "3 rules found" in run([promtool(), "check", "rules", "rules.yaml"], rules)


def test_they_alert_when_they_should_and_only_then(rules: Path) -> None:
    run([promtool(), "test", "rules", "built-in.test.yaml"], rules)


def test_a_limit_that_is_another_one_is_noticed(rules: Path, tmp_path: Path) -> None:
    text = (rules / "rules.yaml").read_text(encoding="utf-8")
    assert "> 0.9" in text
    (tmp_path / "rules.yaml").write_text(text.replace("> 0.9", "> 0.99"), encoding="utf-8")
    shutil.copy(rules / "built-in.test.yaml", tmp_path)

    assert attempt([promtool(), "test", "rules", "built-in.test.yaml"], tmp_path).returncode == 1
