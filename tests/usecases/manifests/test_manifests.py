"""What `scenedock manifests` renders and compares, with the real Helm and git."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.scenarios.repositories import clone, git, plant
from tests.usecases.manifests.repository import FILES, document, printed, run


@pytest.mark.parametrize("version", ["3", "4"])
def test_an_application_is_rendered_as_argo_cd_does_it(tmp_path: Path, version: str) -> None:
    root = plant(tmp_path / "apps", FILES)
    text = printed("manifests", "render", root, "--service", "billing", "--environment", "qa", version=version)
    (deployment,) = filter(None, yaml.safe_load_all(text))

    assert deployment["metadata"] == {"name": "billing", "namespace": "billing"}
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "acme/billing:1.1.0"
    assert [each["value"] for each in container["env"]] == ["8080", "qa", "payments"]


def test_all_is_written_to_files_by_service_and_environment(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", FILES)
    printed("manifests", "render", root, "--output", tmp_path / "out")
    names = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.yaml"))
    assert names == [
        "billing/production.yaml",
        "billing/qa.yaml",
        "environments/production.yaml",
        "environments/qa.yaml",
        "search/production.yaml",
        "search/qa.yaml",
    ]


def test_what_can_not_be_rendered_is_said_with_its_reason(tmp_path: Path) -> None:
    remote = "dependencies: [{name: redis, version: 17.0.0, repository: 'https://charts.test'}]\n"
    root = plant(tmp_path / "apps", {**FILES, "search/Chart.yaml": FILES["search/Chart.yaml"] + remote})
    done = run("manifests", "render", root, "--environment", "qa", "--charts", tmp_path / "charts")
    assert done.exit_code == 1
    reason = f"redis 17.0.0 from https://charts.test is not among the charts in {tmp_path / 'charts'}"
    assert f"search/qa (search-qa): not rendered: search/Chart.yaml: {reason}" in done.stderr
    assert "acme/billing:1.1.0" in done.stdout


PINNED = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: services}
spec:
  goTemplate: true
  generators:
  - git: {repoURL: 'https://git.test/acme/apps', revision: main, files: [{path: 'search/values-*.yaml'}]}
  template:
    metadata: {name: 'search-{{ .path.filename | trimPrefix "values-" | trimSuffix ".yaml" }}'}
    spec:
      project: shop
      destination: {namespace: search, server: 'https://kubernetes.default.svc'}
      sources:
      - repoURL: charts.test/acme
        chart: service
        targetRevision: 1.0.0
        helm: {valueFiles: ['$values/search/{{ .path.filename }}']}
      - {repoURL: 'https://git.test/acme/apps', targetRevision: main, ref: values}
"""


def test_the_chart_that_an_application_names_counts_and_not_that_of_the_folder_with_its_values(tmp_path: Path) -> None:
    files = {**FILES, "argocd/search.yaml": PINNED, "search/values-qa.yaml": "tag: 1.0.0\n"}
    root = clone(tmp_path / "apps", files=files)
    plant(root, {"search/values-production.yaml": "tag: 1.0.0\n"})

    text = printed("manifests", "diff", root, "--charts", tmp_path / "charts")

    assert "search-production: couldn't be rendered: service 1.0.0 from oci://charts.test/acme is not among" in text
    assert "No manifest changes in 0 deployments; 1 couldn't be rendered." in text


def test_only_what_changed_since_a_ref_is_rendered_and_shown(tmp_path: Path) -> None:
    broken = {"search/templates/broken.yaml": '{{ fail "this must not be rendered" }}'}
    root = clone(tmp_path / "apps", files={**FILES, **broken})
    plant(root, {"billing/values.yaml": "tag: 1.2.0\n"})
    found = document("manifests", "diff", root)

    text = printed("manifests", "diff", root)
    assert "billing in production" in text
    assert "1.2.0" in text
    assert "qa" not in text  # it has a tag of its own
    assert found["unrendered"] == []


def test_a_change_of_the_app_of_apps_is_what_it_does_to_the_applications(tmp_path: Path) -> None:
    root = clone(tmp_path / "apps", files=FILES)
    plant(root, {"environments/templates/apps.yaml": FILES["environments/templates/apps.yaml"].replace("8080", "9090")})
    git(root, "checkout", "--quiet", "-b", "ports")
    git(root, "-c", "user.name=Jane", "-c", "user.email=jane@acme.test", "commit", "-qam", "Ports")
    text = printed("manifests", "diff", root, "--from", "main", "--to", "ports", "--service", "billing")
    assert "billing in production, qa" in text
    assert "9090" in text


def test_two_environments_are_compared(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", FILES)
    options = ("--environment", "qa", "--against", "production")
    text = printed("manifests", "diff", root, *options, "--service", "billing")
    assert "billing in qa (-) → production (+):" in text
    assert "acme/billing:1.1.0 → acme/billing:1.0.0" in text
    assert "acme/search" not in text
    done = run("manifests", "diff", root, "--environment", "qa", "--against", "nowhere")
    assert done.exit_code != 0
    assert "the environments are: production, qa" in done.stderr


def test_a_name_that_nothing_has_is_refused_where_nothing_has_changed(tmp_path: Path) -> None:
    root = clone(tmp_path / "apps", files=FILES)
    wrong = [
        run("manifests", "diff", root, *options).stderr
        for options in (
            ("--service", "biling"),
            ("--environment", "prod"),
            ("--service", "billing", "--environment", "q"),
        )
    ]
    assert "nothing called 'biling' is deployed (did you mean billing?)" in wrong[0]
    assert "nothing is deployed in 'prod'; environments are: qa, production" in wrong[1]
    assert "'billing' isn't deployed in 'q'; environments are: qa, production" in wrong[2]
    assert run("manifests", "diff", root, "--service", "billing", "--environment", "qa").exit_code == 0


def test_an_app_of_apps_that_breaks_is_said(tmp_path: Path) -> None:
    root = clone(tmp_path / "apps", files=FILES)
    plant(root, {"environments/values-qa.yaml": "environment: [\n"})
    text = printed("manifests", "diff", root)
    assert "environments in qa" in text
    assert "environments/values-qa.yaml" in text


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("targetRevision: v1.2.0", "it deploys the revision v1.2.0"),
        ("plugin: {name: x}", "a plugin makes what it deploys"),
    ],
)
def test_the_folder_of_an_application_that_can_not_be_rendered_is_not_compared(
    tmp_path: Path, source: str, reason: str
) -> None:
    files = {path: text for path, text in FILES.items() if path.startswith(("scenedock", "billing"))}
    application = f"""\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: billing-production}}
spec:
  destination: {{namespace: shop, name: production}}
  source: {{repoURL: https://git.test/acme/apps, path: billing, {source}}}
"""
    root = clone(tmp_path / "apps", files={**files, "argocd/billing.yaml": application})
    assert "No manifest changes in 0 deployments." in printed("manifests", "diff", root)
    plant(root, {"billing/values.yaml": "tag: 1.2.0\n"})
    text = printed("manifests", "diff", root)
    assert f"couldn't be rendered: {reason}" in text
    assert "No manifest changes in 0 deployments; 1 couldn't be rendered." in text


def test_what_is_rendered_is_validated(tmp_path: Path) -> None:
    other = "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: x}\n"
    selector = "spec:\n  selector: {matchLabels: {a: b}}\n"
    deployment = FILES["billing/templates/deployment.yaml"].replace("spec:\n", selector, 1)
    root = plant(tmp_path / "apps", {**FILES, "billing/templates/deployment.yaml": deployment})
    plant(root, {"billing/templates/monitor.yaml": other})
    options = ("--validate", "--kubernetes", "1.34", "--environment", "qa")
    assert printed("manifests", "render", root, "--service", "billing", *options).splitlines() == [
        "Not checked, as no schema is known: 1 ServiceMonitor of monitoring.coreos.com/v1",
        "1 manifest checked with Kubernetes 1.34, 0 problems.",
    ]
    done = run("manifests", "render", root, *options, "--service", "search")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "search in qa: Deployment search/search-qa: spec.selector: is missing",
        "1 manifest checked with Kubernetes 1.34, 1 problem.",
    ]
    assert run("manifests", "render", root, *options, "--output", tmp_path / "out").exit_code == 2
    assert (
        "there are no schemas of Kubernetes '1.2'"
        in run("manifests", "render", root, "--validate", "--kubernetes", "1.2").stderr
    )


def test_what_a_change_breaks_is_told_and_decides_the_exit_code(tmp_path: Path) -> None:
    path = "billing/templates/deployment.yaml"
    monitor = "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: x}\n"
    root = clone(tmp_path / "apps", files={**FILES, "billing/templates/monitor.yaml": monitor})
    options = ("--validate", "--kubernetes", "1.34", "--environment", "qa")
    plant(root, {path: FILES[path].replace("name: main", "name: web")})
    known = printed("manifests", "diff", root, *options).splitlines()
    plant(root, {path: FILES[path].replace("spec:\n", "spec:\n  replicas: many\n", 1)})
    new = run("manifests", "diff", root, *options)
    described = run("manifests", "diff", root, *options, "--format", "json")
    text = run("manifests", "diff", root, *options, "--format", "markdown").stdout
    plant(root, {path: "{{ fail `no` }}"})
    broken = run("manifests", "diff", root, *options)

    assert known[-2:] == [
        "Not checked, as no schema is known: 1 ServiceMonitor of monitoring.coreos.com/v1",
        "1 manifest checked with Kubernetes 1.34, 0 new problems, 1 was there before.",
    ]
    problem = "billing in qa: Deployment billing/billing: spec.replicas: must be a whole number"
    assert (new.exit_code, new.stdout.splitlines()[-3]) == (1, problem)
    assert "1 new problem, 1 was there before." in new.stdout
    found = json.loads(described.stdout)["validation"]
    assert (found["problems"][0]["path"], found["known"], found["broken"]) == ("spec.replicas", 1, [])
    assert f"1 new problem, 1 was there before.\n\n```\n{problem}\n" in text
    assert (broken.exit_code, "1 deployment can't be rendered any more." in broken.stdout) == (1, True)


def test_a_reason_of_helm_has_no_secret_that_it_was_given(tmp_path: Path) -> None:
    schema = '{"properties": {"db": {"properties": {"password": {"pattern": "^[a-z]+$"}, "x": {"pattern": "^a$"}}}}}'
    root = clone(tmp_path / "apps", files={**FILES, "search/values.schema.json": schema})
    secret = {"search/values.yaml": "db: {password: Xk39vLq8Zp2w, x: Canary1}\n"}
    plant(
        root,
        {
            **secret,
            "billing/templates/a.yaml": '{{ fail (printf "no: %s, db_%spw" .Values.db.password .Values.db.password) }}',
        },
    )
    plant(root, {"billing/values.yaml": "db: {password: Xk39vLq8Zp2w}\n"})
    text = printed("manifests", "diff", root) + run("manifests", "render", root).stderr
    assert "at '/db/password': the value does not match pattern" in text
    assert "no: [redacted], db_[redacted]pw" in text
    assert "Xk39vLq8Zp2w" not in text
    assert "Canary1" not in text


@pytest.mark.parametrize(
    "options",
    [("--against", "qa"), ("--from", "HEAD"), ("--from", "HEAD", "--to", "HEAD", "--since", "HEAD")],
)
def test_options_that_do_not_go_together_are_refused(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert run("manifests", "diff", plant(tmp_path, FILES), *options).exit_code == 2


def test_without_helm_it_is_said_how_to_get_it(tmp_path: Path) -> None:
    done = run("manifests", "diff", plant(tmp_path, FILES), "--helm", tmp_path / "helm")
    assert "install Helm 3.17 or newer, or 4, or set SCENEDOCK_HELM" in done.stderr
