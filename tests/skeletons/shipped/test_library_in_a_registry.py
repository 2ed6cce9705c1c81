"""A library chart that goes from a `gitops-repository` to a registry, and from there to environments, one by one."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.skeletons.shipped.gitops import HELMS, Manifest, parse
from tests.skeletons.shipped.test_gitops_repository import begin
from tests.skeletons.shipped.typing_commands import follow, programs
from tests.skeletons.shipped.world import attempt, run
from tests.tools.helm import helm
from tests.tools.oci_registry import oci_registry

__all__ = ["programs"]
pytestmark = pytest.mark.usefixtures("programs")
MAJORS = [pytest.param(major, marks=() if major == "4" else pytest.mark.extended) for major in HELMS]
OVER_HTTP = """\
#!/bin/sh
case "$*" in
*oci://*) exec {helm} "$@" --plain-http ;;
*) exec {helm} "$@" ;;
esac
"""


@pytest.fixture(params=MAJORS)
def over_http(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `helm` that speaks to registries without TLS: the one of the test has none."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "helm"
    program.write_text(OVER_HTTP.format(helm=helm(request.param)), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with oci_registry(tmp_path) as address:
        yield f"{address}/charts"


@pytest.fixture
def repository(over_http: None, address: str, tmp_path: Path) -> Path:
    answers = {"owner": "group:default/platform", "library_source": "registry", "library_registry": f"oci://{address}"}
    return begin(tmp_path, answers)


def change(file: Path, old: str, new: str) -> None:
    before = file.read_text(encoding="utf-8")
    assert old in before
    file.write_text(before.replace(old, new, 1), encoding="utf-8")


def applications(repository: Path) -> dict[str, Any]:
    listed = json.loads(follow("scenedock applications list --format json", repository))
    return {each["name"]: each for each in listed["applications"] if each["name"].startswith("hello-")}


def deployed(repository: Path, environment: str) -> list[Manifest]:
    """What Argo CD makes of an Application: its chart of that version, with its values files and its values."""
    application = applications(repository)[f"hello-{environment}"]
    chart, _ = application["sources"]
    files = [f"--values={file.replace('$values/', '')}" for file in chart["valueFiles"]]
    assert chart["chart"] == "workload-service"
    name = f"hello-{environment}"
    address = f"oci://{chart['repository'].removeprefix('oci://')}/workload-service"
    more = ["--version", chart["revision"], "--namespace", name, *files, "--set=workload.name=hello"]
    return parse(run(["helm", "template", name, address, *more], repository))


def nameless(manifests: list[Manifest]) -> str:
    """Manifests without the label that has the name and the version of the chart."""
    return re.sub(r"'helm\.sh/chart': '[^']*'", "", str(manifests))


def of_the_folder(repository: Path, environment: str) -> list[Manifest]:
    run(["helm", "dependency", "update", "hello"], repository)
    name = f"hello-{environment}"
    more = ["--namespace", name, f"--values=hello/values-{environment}.yaml"]
    return parse(run(["helm", "template", name, "hello", *more], repository))


def test_a_change_of_the_library_reaches_an_environment_when_its_line_says_so(repository: Path) -> None:
    published = attempt(["ci/publish"], repository)
    before = deployed(repository, "qa")

    assert (published.stdout + published.stderr).count("Pushed: ") == 2  # Helm 3 says it elsewhere than Helm 4
    assert run(["ci/publish"], repository) == "workload 0.1.0 is published already\n"
    assert "'helm.sh/chart': 'workload-service-0.1.0'" in str(before)
    assert nameless(before) == nameless(of_the_folder(repository, "qa"))

    change(repository / "workload" / "values.yaml", "revisionHistoryLimit: 5", "revisionHistoryLimit: 7")
    forgotten = attempt(["ci/check", "HEAD"], repository)
    change(repository / "workload" / "Chart.yaml", '"0.1.0"', '"0.2.0"')
    checked = run(["ci/check", "HEAD"], repository)
    run(["ci/publish"], repository)
    change(repository / "argocd" / "services.yaml", "library: 0.1.0", "library: 0.2.0")

    assert forgotten.returncode == 1
    assert "raise it in workload/Chart.yaml" in forgotten.stderr
    assert checked.splitlines()[:4] == [
        "hello dev",
        "hello dev with workload 0.1.0",
        "hello qa",
        "hello qa with workload 0.1.0",
    ]
    assert deployed(repository, "qa") == before
    dev = nameless(deployed(repository, "dev"))
    assert dev == nameless(of_the_folder(repository, "dev"))
    assert "'revisionHistoryLimit': 7" in dev


def test_what_a_registry_does_not_say_is_not_overwritten(repository: Path) -> None:
    change(repository / "ci" / "publish", "registry=oci://127.0.0.1:", "registry=oci://127.0.0.1:1/")

    done = attempt(["ci/publish"], repository)

    assert done.returncode == 1
    assert "refused" in done.stderr
