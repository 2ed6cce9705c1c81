"""The pipeline of `microservice-python`, executed as far as that goes without a Docker engine and a registry."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chain.company import IDENTITY
from tests.chain.releases import JOB, releases
from tests.ci.test_snippets import tool
from tests.skeletons.shipped.world import bake
from tests.tools.git_server import git
from tests.tools.promtool import promtool

DOCKER = """#!/bin/sh
echo "$*" | sed "s|$PWD|HERE|g" >> "$LOG"
case "$*" in
*trivy*${VULNERABLE:-none}*) exit 1 ;;
*--metadata-file*) echo '{ "containerimage.digest": "sha256:0f" }' > .image/metadata.json ;;
login*|"login "*) cat >> "$LOG"; echo >> "$LOG" ;;
esac
"""
SCAN = "--scanners vuln --severity HIGH,CRITICAL --ignore-unfixed --exit-code 1"


@pytest.fixture
def service(tmp_path: Path) -> Path:
    return bake("microservice-python", tmp_path)


def image(service: Path, *arguments: str, **variables: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run ci/image with a program that stands for Docker; what comes of it, and how Docker was called."""
    programs, log = service.parent / "programs", service.parent / "log"
    programs.mkdir(exist_ok=True)
    (programs / "docker").write_text(DOCKER, encoding="utf-8")
    (programs / "docker").chmod(0o755)
    log.write_text("", encoding="utf-8")
    known = {"REGISTRY_IMAGE": "ghcr.io/acme/billing", "REGISTRY_USER": "ci", "REGISTRY_PASSWORD": "of-the-registry"}
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "LOG": str(log), **known, **variables}
    done = subprocess.run(
        ["ci/image", *arguments], cwd=service, env=environment, capture_output=True, text=True, check=False
    )
    return done, log.read_text(encoding="utf-8").splitlines()


def test_a_change_builds_and_scans_an_image_and_pushes_none(service: Path) -> None:
    done, calls = image(service, "check")

    build, save, scan = calls
    assert done.returncode == 0, done.stderr
    assert build == "buildx build --pull --build-arg VERSION=0.0.0-check --load --tag check:local ."
    assert save == "save --output HERE/.image/image.tar check:local"
    assert scan.endswith(f"--input /image/image.tar {SCAN}")
    assert image(service, "check", VULNERABLE="image.tar")[0].returncode == 1


def test_a_release_is_scanned_before_it_is_pushed_and_signed_by_its_digest(service: Path) -> None:
    done, calls = image(service, "publish", "1.2.3")

    assert done.stdout == "published ghcr.io/acme/billing:1.2.3@sha256:0f\n", done.stderr
    assert [call.rsplit("/image/", 1)[1] for call in calls if "trivy" in call] == [
        f"amd64.tar {SCAN}",
        f"arm64.tar {SCAN}",
    ]
    push, sign = calls[-2:]
    assert "--platform linux/amd64,linux/arm64 --push --tag ghcr.io/acme/billing:1.2.3" in push
    assert "--sbom=true --provenance=mode=max" in push
    assert sign.endswith("sign --yes ghcr.io/acme/billing@sha256:0f")
    assert [call for call in calls if "of-the-registry" in call] == ["of-the-registry"]  # what `login` reads
    assert not (service / ".image").exists()


def test_a_vulnerable_image_is_not_pushed(service: Path) -> None:
    done, calls = image(service, "publish", "1.2.3", VULNERABLE="arm64.tar")

    assert done.returncode == 1
    assert [call for call in calls if "--push" in call or " sign " in call] == []


def test_without_a_release_nothing_is_published(service: Path) -> None:
    done, calls = image(service, "publish", "")

    assert (done.returncode, done.stdout, calls) == (0, "nothing to publish: nothing was released\n", [])
    assert image(service, "pubish")[0].returncode == 2


@pytest.fixture
def programs(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a runner has: uv and promtool, on the PATH."""
    place = tmp_path_factory.mktemp("bin")
    (place / "uv").symlink_to(Path(sys.executable).with_name("uv"))
    (place / "promtool").symlink_to(promtool())
    monkeypatch.setenv("PATH", str(place), prepend=":")


def begun(ci: str, folder: Path) -> Path:
    """A service for the Python of the tests, with its first commit."""
    made = bake("microservice-python", folder, {"python_version": "3.11", "ci": ci})
    git(made, "init", "--quiet", "--initial-branch=main")
    git(made, "remote", "add", "origin", f"https://{ci}.com/acme/billing.git")
    git(made, "add", "--all")
    git(made, *IDENTITY, "commit", "--quiet", "--message", "feat: add the first version of billing")
    return made


@pytest.mark.extended
@pytest.mark.usefixtures("programs")
def test_the_jobs_of_github_run(tmp_path: Path) -> None:
    made = begun("github", tmp_path)
    workflow = made / ".github" / "workflows" / "ci.yml"
    text = workflow.read_text(encoding="utf-8")
    with releases(made) as host:
        # uv is here already. The image needs Docker, so `release` doesn't wait for it.
        text = re.sub(r"uses: astral-sh/setup-uv@.*\n +with:\n(?: {10}.*\n)+", "run: uv --version\n", text)
        text = text.replace("needs: [check, alerts, container]", "needs: [check, alerts]")
        given = f"GITHUB_TOKEN: {JOB}\n          GITHUB_API_URL: {host.url}"
        workflow.write_text(text.replace("GITHUB_TOKEN: ${{ github.token }}", given), encoding="utf-8")
        git(made, *IDENTITY, "commit", "--quiet", "--all", "--message", "ci: run here")

        options = ("--platform", "ubuntu-latest=-self-hosted", "--action-offline-mode", "--job", "release")
        done = tool("act", "push", *options, cwd=made, HOME=str(tmp_path))

    assert done.returncode == 0, done.stdout + done.stderr
    assert {"make set-up", "make check", "ci/alerts", ".venv/bin/python ci/release.py"} <= set(
        re.findall(r"Success - Main (.*?)(?: \[|$)", done.stdout, re.MULTILINE)
    )
    assert [each["tag_name"] for each in host.made] == ["v0.1.0"]
    assert "add the first version of billing" in host.made[0]["body"]


@pytest.mark.extended
@pytest.mark.usefixtures("programs")
def test_the_jobs_of_gitlab_run(tmp_path: Path) -> None:
    made = begun("gitlab", tmp_path)
    pipeline = made / ".gitlab-ci.yml"
    text = pipeline.read_text(encoding="utf-8")
    # Without an image, the emulator runs a job here.
    text = re.sub(r"^  image:(?: .*|\n    name: .*\n    entrypoint: .*)\n", "", text, flags=re.MULTILINE)
    pipeline.write_text(text, encoding="utf-8")
    git(made, *IDENTITY, "commit", "--quiet", "--all", "--message", "ci: run here")
    with releases(made) as host:
        known = {"CI_API_V4_URL": host.url, "CI_PROJECT_ID": "7", "CI_JOB_TOKEN": JOB}
        known["CI_COMMIT_SHA"] = git(made, "rev-parse", "HEAD").strip()
        for job in ("check", "alerts", "release"):
            done = tool("gle", job, cwd=made, HOME=str(tmp_path), **known)
            assert done.returncode == 0, done.stdout + done.stderr

    assert [each["tag_name"] for each in host.made] == ["v0.1.0"]
