"""An ApplicationSet of all services times all environments: a new environment of one service, then of the others."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.tools.commits import commit

ENVIRONMENTS = ("dev", "qa", "staging", "prod")
SET = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: services}
spec:
  generators:
    - matrix:
        generators:
          - git: {repoURL: https://git.acme.test/apps, directories: [{path: services/*}]}
          - list:
              elements:  # of all services
                - {env: dev}
                - {env: qa}
                - {env: staging}
                - {env: prod}
  template:
    metadata: {name: '{{path.basename}}-{{env}}', labels: {environment: '{{env}}'}}
    spec:
      source:
        repoURL: https://git.acme.test/apps
        path: '{{path}}'
        helm: {valueFiles: [values.yaml, 'values-{{env}}.yaml']}
      destination: {namespace: '{{env}}'}
"""


def run(*arguments: str | Path) -> str:
    done = CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_each_service_gets_its_file_and_the_common_element_is_left_to_a_person(tmp_path: Path) -> None:
    files = {"argocd/set.yaml": SET}
    for service in ("billing", "search"):
        files[f"services/{service}/Chart.yaml"] = f"apiVersion: v2\nname: {service}\nversion: 1.0.0\n"
        files[f"services/{service}/values.yaml"] = f"image: {{repository: acme/{service}}}\n"
        for name in ENVIRONMENTS:
            files[f"services/{service}/values-{name}.yaml"] = (
                f"image: {{tag: 1.0.0}}\nenv:\n  - name: STAGE\n    value: {name}\n"
            )
    root = tmp_path / "apps"
    commit(root, 1, files)

    for service, other in (("billing", "search"), ("search", "billing")):
        said = run("environments", "create", service, "perf", "--from", "staging", root, "--write")

        assert f"isn't copied, as that would begin perf for {other}, too (apps:argocd/set.yaml)" in said
        assert "Create perf of those, too, where that isn't done; then add the element by hand." in said
        assert f"written: apps:services/{service}/values-perf.yaml\n" in said
        made = (root / f"services/{service}/values-perf.yaml").read_text()
        assert made == "image: {tag: 1.0.0}\nenv:\n  - name: STAGE\n    value: perf\n"  # STAGE is its name in all
    assert (root / "argocd/set.yaml").read_text() == SET

    (root / "argocd/set.yaml").write_text(SET.replace("{env: prod}", "{env: prod}\n                - {env: perf}"))
    listed = run("deployments", "list", root)
    assert listed.splitlines()[0].split() == ["SERVICE", "dev", "qa", "staging", "perf", "prod"]
