"""The pipeline of `gitops-repository`, run by emulators for a pull request: both code hosts get the same comment."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.pull_request import Host, commit, git, on_github, on_gitlab
from tests.ci.test_snippets import tool
from tests.skeletons.shipped.answers import GITOPS
from tests.skeletons.shipped.test_gitops_repository import HELLO, begin
from tests.skeletons.shipped.typing_commands import programs
from tests.skeletons.shipped.world import bake

__all__ = ["programs"]
Run = Callable[[Path, Host], subprocess.CompletedProcess[str]]

WRONG = """\
### Scenedock

**Failed: catalog-info.yaml files: 9 right, 1 differ**

```
hello/catalog-info.yaml:6: differs from what the export would write
```

```
Run `scenedock catalog export --in-place .` there and commit what it writes.
```

`Catalog: 1 changed"""
RIGHT = """\
### Scenedock

All right: catalog-info.yaml files: 10 right

Catalog: no changes

1 of 1 deployment changes, manifests: 1 changed.

`hello` in `qa`

```diff
  Deployment hello-qa/hello
!   spec.replicas: 1 → 2
```

Of """


def on_a_runner(made: Path, host: Host) -> subprocess.CompletedProcess[str]:
    """Run the workflow for pull request 1, where Python and what pip would install are already."""
    workflow = made / ".github" / "workflows" / "check.yml"
    text = re.sub(
        r" +- uses: actions/setup-python@.*\n +with:\n +python-version: .*\n", "", workflow.read_text(encoding="utf-8")
    )
    workflow.write_text(text.replace("pip install --quiet --requirement ci/requirements.txt", "scenedock --version"))
    variables = host.variables(made)
    options: list[str | Path] = ["--platform", "ubuntu-latest=-self-hosted", "--action-offline-mode"]
    options += ["--eventpath", variables["GITHUB_EVENT_PATH"], "--secret", f"GITHUB_TOKEN={variables['GITHUB_TOKEN']}"]
    options += ["--env", f"GITHUB_API_URL={variables['GITHUB_API_URL']}"]
    return tool("act", "pull_request", *options, cwd=made, HOME=str(made.parent))


def in_gitlabs_runner(made: Path, host: Host) -> subprocess.CompletedProcess[str]:
    """Run the job of GitLab's pipeline for merge request 1, where all is already that it would install."""
    pipeline = made / ".gitlab-ci.yml"
    text = re.sub(
        r"^  image: .*\n|^  before_script:\n(?:    .*\n)+", "", pipeline.read_text("utf-8"), flags=re.MULTILINE
    )
    pipeline.write_text(text, encoding="utf-8")
    git(made, "clean", "-ffdx", "--quiet")  # as the runner does before each job
    known = {"CI_PIPELINE_SOURCE": "merge_request_event", **host.variables(made)}
    return tool("gle", "check", cwd=made, HOME=str(made.parent), **known)


@pytest.mark.extended
@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize(
    ("ci", "opened", "run"), [("github", on_github, on_a_runner), ("gitlab", on_gitlab, in_gitlabs_runner)]
)
def test_it_comments_what_changes_and_says_what_is_wrong(ci: str, opened: Any, run: Run, tmp_path: Path) -> None:
    made = begin(tmp_path, HELLO | {"ci": ci})
    git(made, "remote", "add", "origin", f"https://{ci}.com/acme/apps.git")
    git(made, "switch", "--quiet", "--create", "feature")
    values, chart = made / "hello" / "values-qa.yaml", made / "hello" / "Chart.yaml"
    values.write_text(values.read_text("utf-8").replace("replicas: 1", "replicas: 2"), encoding="utf-8")
    right = chart.read_text("utf-8")
    chart.write_text(re.sub("(?m)^description: .*", "description: Greets.", right), encoding="utf-8")
    commit(made, {})

    with opened(tmp_path) as host:
        wrong = run(made, host)
        (first,) = host.comments()
        chart.write_text(right, encoding="utf-8")
        commit(made, {})
        done = run(made, host)
        (second,) = host.comments()

    assert wrong.returncode == 1, wrong.stdout + wrong.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    for each, beginning, said in ((wrong, WRONG, first), (done, RIGHT, second)):
        assert said.partition("\n")[2].startswith(beginning), said
        assert "hello qa" in each.stdout  # ci/check has run, too


@pytest.mark.parametrize("case", GITOPS)
def test_it_runs_the_same_commands_on_both_code_hosts(case: str, tmp_path: Path) -> None:
    made = bake("gitops-repository", tmp_path, HELLO | GITOPS[case])
    if (made / ".gitlab-ci.yml").exists():
        job = yaml.safe_load((made / ".gitlab-ci.yml").read_bytes())["check"]
        script = "\n".join(job["script"])
    else:
        job = yaml.safe_load((made / ".github/workflows/check.yml").read_bytes())["jobs"]["check"]
        script = "\n".join(step["run"] for step in job["steps"] if "run" in step)

    fetches = GITOPS[case].get("library_source") == "registry"
    assert re.findall(r"scenedock ci(?: --fetch-charts)?", script) == [f"scenedock ci{' --fetch-charts' * fetches}"]
    assert len(re.findall(r"ci/check ", script)) == 1
