"""The GitHub Action and the GitLab component, executed by emulators against code hosts, used as the guide tells."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from scenedock.doors.cli.pipelines.ci import ci
from tests.ci.pull_request import Host, commit, git, on_github, on_gitlab
from tests.ci.test_snippets import PAGE, RELEASING, ROOT, SCENEDOCK, snippet, tool
from tests.tools.helm import helm

ACTION = ROOT / "action.yml"
COMPONENT = ROOT / "templates" / "scenedock.yml"
CHANGED = (
    "image: {repository: registry.example.com/acme/statement-mailer, tag: 1.0.5}\n"
    'schedule: "0 6 1 * *"\n'
    "env:\n"
    "  - {name: BILLING_URL, value: http://billing.billing-production.svc.cluster.local:8080}\n"
    "  - {name: SEARCH_URL, value: http://search.search-production.svc.cluster.local:8080}\n"
)
ONLY_THERE = {"github-token", "python", "job", "stage", "image", "scenedock", "helm", "helm-checksum"}
"""Inputs of one host: who comments, and where it runs."""


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    """A clone of the example on a branch that changes a service, but not its catalog file."""
    root = tmp_path / "clone" / "apps"
    shutil.copytree(ROOT / "tests" / "changes" / "acme-apps", root)
    git(root, "init", "--quiet", "--initial-branch=main")
    subprocess.run([SCENEDOCK, "catalog", "export", root, "--in-place", "--quiet"], check=True, capture_output=True)
    commit(root, {})
    git(root, "checkout", "--quiet", "-b", "feature")
    commit(root, {"statement-mailer/values.yaml": CHANGED})
    return root


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a runner has: Helm, on the PATH."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "helm").symlink_to(helm("4"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)


def installed_already(folder: Path) -> Path:
    """The action, which finds Scenedock installed, so that nothing is fetched or built here."""
    action = yaml.safe_load(ACTION.read_text("utf-8"))
    there = f'mkdir -p "$RUNNER_TEMP/scenedock/bin" && ln -sf "{SCENEDOCK}" "$RUNNER_TEMP/scenedock/bin/scenedock"'
    action["runs"]["steps"][0]["run"] = there
    folder.mkdir()
    (folder / "action.yml").write_text(yaml.safe_dump(action))
    return folder


def act(apps: Path, host: Host, action: Path, workflow: str) -> subprocess.CompletedProcess[str]:
    """Run a workflow that uses the action, for pull request 1 of a host."""
    (apps / ".github" / "workflows").mkdir(parents=True)
    (apps / ".github" / "workflows" / "catalog.yaml").write_text(workflow)
    commit(apps, {})
    git(apps, "remote", "add", "origin", "https://github.com/acme/apps.git")
    variables = host.variables(apps)
    (used,) = set(re.findall(r"uses: (acme/scenedock@\S+)", workflow))
    options: list[str | Path] = ["--platform", "ubuntu-latest=-self-hosted", "--action-offline-mode"]
    options += ["--eventpath", variables["GITHUB_EVENT_PATH"], "--local-repository", f"{used}={action}"]
    options += ["--secret", f"GITHUB_TOKEN={variables['GITHUB_TOKEN']}"]
    options += ["--env", f"GITHUB_API_URL={variables['GITHUB_API_URL']}"]
    return tool("act", "pull_request", *options, cwd=apps, HOME=str(apps.parent))


def outcomes(done: subprocess.CompletedProcess[str]) -> list[tuple[str, str]]:
    return re.findall(r"(Success|Failure) - Main (.*?)(?: \[|$)", done.stdout, re.MULTILINE)


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Host]:
    with on_github(tmp_path) as host:
        yield host


@pytest.mark.usefixtures("programs")
def test_the_action_comments_what_the_guide_shows_and_fails_the_job(apps: Path, github: Host, tmp_path: Path) -> None:
    workflow = snippet("GitHub").replace("      - uses: acme", "      - id: scenedock\n        uses: acme")
    upload = re.search(r"^      - if: .*\n( +)uses: github/codeql-action.*\n(?: +.*\n)+", PAGE, re.MULTILINE)
    assert upload
    kept = f"{upload[1]}run: cp '${{{{ steps.scenedock.outputs.sarif }}}}' {tmp_path}\n"
    workflow += upload[0].splitlines()[0] + "\n" + kept

    done = act(apps, github, installed_already(tmp_path / "action"), workflow)

    (comment,) = github.comments()
    assert done.returncode == 1, done.stdout + done.stderr
    assert ("Failure", "Review the change") in outcomes(done)
    assert without_commits(comment) == without_commits(documented())
    assert "Summary - ### Scenedock" in done.stdout
    for output in ("changed=true", "result=failed", "comment-url=http"):
        assert f"::set-output:: {output}" in done.stdout
    assert json.loads((tmp_path / "findings.sarif").read_bytes())["runs"][0]["results"]


@pytest.mark.usefixtures("programs")
@pytest.mark.extended
def test_two_folders_in_one_job_have_two_comments(apps: Path, github: Host, tmp_path: Path) -> None:
    files = {f"{name}/shop/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n" for name in ("a", "b c")}
    commit(apps, files)
    ours = [
        f"      - uses: acme/scenedock@v1\n        with: {{path: {each}, check: 'false'}}\n" for each in ("a", "b c")
    ]
    workflow = re.sub(r"^ +- uses: acme.*\n", "".join(ours), snippet("GitHub"), flags=re.MULTILINE)

    done = act(apps, github, installed_already(tmp_path / "action"), workflow)

    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(each.splitlines()[1] for each in github.comments()) == [
        "### Scenedock: `a`",
        "### Scenedock: `b c`",
    ]


@pytest.mark.extended
@pytest.mark.usefixtures("programs")
def test_the_action_installs_itself_from_its_own_checkout(apps: Path, github: Host, tmp_path: Path) -> None:
    listed = git(ROOT, "ls-files", "-z").split("\0")
    for name in filter(None, listed):  # as GitHub downloads it: without git
        if (ROOT / name).is_file():
            (tmp_path / "action" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / "action" / name)
    again = re.sub(
        r"^( +- uses: acme.*\n)", r"\1        with: {check: 'false'}\n\1", snippet("GitHub"), flags=re.MULTILINE
    )

    done = act(apps, github, tmp_path / "action", again)

    assert outcomes(done).count(("Success", "Install Scenedock")) == 2, done.stdout + done.stderr
    assert ("Failure", "Review the change") in outcomes(done)
    part, whole = github.comments()
    assert without_commits(whole) == without_commits(documented())
    assert "catalog-info.yaml files" not in part


def test_linters_accept_the_action_and_the_component(tmp_path: Path) -> None:
    for name, *options in (
        ("check-jsonschema", "--builtin-schema", "vendor.github-actions"),
        ("zizmor", "--offline", "--no-progress", "--persona=pedantic"),
    ):
        done = tool(name, *options, ACTION)
        assert (name, done.returncode, done.stdout + done.stderr) == (name, 0, done.stdout + done.stderr)
    pipeline = tmp_path / "pipeline.yml"
    pipeline.write_text(interpolated({}))
    done = tool("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", pipeline)
    assert (done.returncode, done.stdout + done.stderr) == (0, done.stdout + done.stderr)
    for text in (snippet("GitLab"), snippet("The GitLab component in a catalog", RELEASING)):
        pipeline.write_text(text)
        done = tool(
            "check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", pipeline
        )
        assert (done.returncode, done.stdout + done.stderr) == (0, done.stdout + done.stderr)


def interpolated(inputs: dict[str, object]) -> str:
    """The component with its inputs filled in, as GitLab does it: the emulator doesn't know them."""
    spec, pipeline = COMPONENT.read_text("utf-8").split("\n---\n")
    known = yaml.safe_load(spec)["spec"]["inputs"]
    values = {name: each["default"] for name, each in known.items()} | inputs

    def value(found: re.Match[str]) -> str:
        this = values[found[1]]
        return str(this).lower() if isinstance(this, bool) else str(this)

    return re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", value, pipeline)


@pytest.mark.usefixtures("programs")
def test_the_component_comments_the_same_and_fails_the_job(
    apps: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(SCENEDOCK.parent), prepend=os.pathsep)  # as in an image that has it
    # Without an image, the emulator runs the job here.
    pipeline = re.sub(r"^  image:\n(?:    .*\n)+", "", interpolated({}), flags=re.MULTILINE)
    (apps / ".gitlab-ci.yml").write_text(pipeline)
    commit(apps, {})
    with on_gitlab(tmp_path) as host:
        variables = host.variables(apps)
        known = {"CI_PIPELINE_SOURCE": "merge_request_event", **variables}
        done = tool("gle", "--full", "scenedock", cwd=apps, HOME=str(tmp_path), **known)

    (comment,) = host.comments()
    assert done.returncode == 1, done.stdout + done.stderr
    assert without_commits(comment) == without_commits(documented())
    reports = apps / "scenedock-reports"
    assert sorted(each.name for each in reports.iterdir()) == [
        "code-quality.json",
        "findings.sarif",
        "outputs.env",
        "report.md",
    ]


def documented() -> str:
    """The comment that the guide shows."""
    found = re.search(r"^````markdown\n(.*?)^````$", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def without_commits(comment: str) -> str:
    """A comment without the line by which it is found, and the one with commits and an address."""
    return re.sub(
        r"^Of [0-9a-f]{10}, compared with [0-9a-f]{10}.*$|\A<!--.*\n", "", comment, flags=re.MULTILINE
    ).strip()


def inputs_of_both() -> dict[str, dict[str, dict[str, Any]]]:
    spec = COMPONENT.read_text("utf-8").split("\n---\n")[0]
    return {
        "github": yaml.safe_load(ACTION.read_text("utf-8"))["inputs"],
        "gitlab": yaml.safe_load(spec)["spec"]["inputs"],
    }


def test_both_take_what_the_command_takes_and_say_the_same_of_it() -> None:
    options = {each.name.replace("_", "-"): each for each in ci.params if each.name}
    for name in ("helm", "kustomize", "charts", "reports"):  # these are of the machine, not of the repository
        options.pop(name)
    both = inputs_of_both()

    for host, inputs in both.items():
        assert sorted(inputs.keys() - ONLY_THERE) == sorted(options), host
        for name, option in options.items():
            default = option.get_default(click.Context(ci)) or ("" if name == "since" else False)
            given = inputs[name]["default"]
            assert (host, name, str(given).lower()) == (host, name, str(default).lower())
            if isinstance(option, click.Option) and name not in {"comment", "fetch-charts", "since"}:
                assert inputs[name]["description"] == option.help
    assert all(
        each.get("description") and (f"| `{name}`" in PAGE or f"`{name}`" in PAGE)
        for inputs in both.values()
        for name, each in inputs.items()
    )


def test_both_run_the_same_command_with_each_input() -> None:
    action = yaml.safe_load(ACTION.read_text("utf-8"))["runs"]["steps"][1]
    job = yaml.safe_load(interpolated({}))["scenedock"]
    expected = {
        f"SCENEDOCK_CI_{name.upper().replace('-', '_')}" for name in inputs_of_both()["github"].keys() - ONLY_THERE
    }

    assert action["run"].splitlines()[-1] == '"$RUNNER_TEMP/scenedock/bin/scenedock" ci'
    assert job["script"] == ["scenedock ci"]
    for variables in (action["env"], job["variables"]):
        assert {each for each in variables if each.startswith("SCENEDOCK_CI_")} - {"SCENEDOCK_CI_REPORTS"} == expected
    for name in inputs_of_both()["github"].keys() - ONLY_THERE:
        key = f"SCENEDOCK_CI_{name.upper().replace('-', '_')}"
        assert action["env"][key] == f"${{{{ inputs.{name} }}}}"
        assert f'{key}: "$[[ inputs.{name} ]]"' in COMPONENT.read_text("utf-8")


def test_the_component_installs_the_release_it_belongs_to() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]

    assert inputs_of_both()["gitlab"]["scenedock"]["default"] == f"scenedock=={version}"


def test_the_component_takes_no_helm_but_the_one_with_the_pinned_checksum(tmp_path: Path) -> None:
    install, _ = yaml.safe_load(interpolated({}))["scenedock"]["before_script"]
    install = install.replace("cd /tmp", f"cd {tmp_path}").replace("/usr/local/bin", str(tmp_path / "installed"))
    (tmp_path / "bin").mkdir()
    (tmp_path / "installed").mkdir()
    for name in ("bash", "sha256sum", "dpkg", "tar", "gzip"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    platform = subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
    ).stdout.strip()
    archive = tmp_path / f"helm-v4.3.1-linux-{platform}.tar.gz"
    with tarfile.open(archive, "w:gz") as made:
        made.add(helm("4"), f"linux-{platform}/helm")
    (tmp_path / "bin" / "curl").write_text("#!/bin/bash\n")
    (tmp_path / "bin" / "curl").chmod(0o755)

    for checksum in ("0" * 64, "", hashlib.sha256(archive.read_bytes()).hexdigest()):
        known = {"PATH": str(tmp_path / "bin"), "HELM_VERSION": "4.3.1", "HELM_CHECKSUM": checksum}
        done = subprocess.run(["bash", "-eo", "pipefail", "-c", install], check=False, env=known, capture_output=True)
        is_right = checksum not in {"", "0" * 64}
        assert (done.returncode == 0, (tmp_path / "installed" / "helm").exists()) == (is_right, is_right), done.stderr
