"""A release: what its version and notes are, what is published of it and how, and the workflow that does it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.ci.test_snippets import git, tool
from tests.install.packages import ROOT, SOURCE, tracked_files
from tests.tools.helm import helm, run_helm
from tests.tools.oci_registry import oci_registry

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
VERSION = re.findall(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)[0]
PAGES = ["README.md", "deploy/chart/README.md", *(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]
EARLY = re.compile(
    r"isn't on PyPI yet|nothing is released yet|until 0\.2\.0 is released|0\.2\.0 will be the first version",
    re.IGNORECASE,
)
DIGEST = f"sha256:{'0f' * 32}"
DOCKER = f"""#!/bin/sh
echo "docker $*" >>"$LOG"
case "$*" in
"login "*) sed "s/^/password: /" >>"$LOG"; echo >>"$LOG" ;;
*imagetools*) [ "${{PUBLISHED-}}" ] || {{ echo "ERROR: ${{REFUSAL-not found}}" >&2; exit 1; }} ;;
*--metadata-file*) echo '{{ "containerimage.digest": "'${{DIGEST-{DIGEST}}}'" }}' >"$DOCKER_CONFIG/metadata.json" ;;
esac
"""
GH = """#!/bin/sh
echo "gh $*" >>"$LOG"
[ "$1 $2 ${RELEASES-}" != "release view none" ]
"""
RECORDING = '#!/bin/sh\necho "$(basename "$0") $*" >>"$LOG"\n'
HELM = """#!/bin/sh
case $1 in
push | show) exec "{helm}" "$@" --plain-http ;;
*) exec "{helm}" "$@" ;;
esac
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What a release reads of the checkout."""
    for path in ("pyproject.toml", "CHANGELOG.md", "Dockerfile", "deploy/chart/Chart.yaml", "scripts/release.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


def release(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["python3", "scripts/release.py", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_this_checkout_can_be_released_and_nothing_in_it_names_another_version() -> None:
    done = release(ROOT, "check", f"v{VERSION}")
    places = ("catalog-info/", "cookiecutters/", "deploy/", "docs/", "README.md", "action.y")
    named = re.compile(r"(?:scenedock(?:==|@v|:|-)|scenedock\n    rev: v)(\d+\.\d+\.\d+)\b")
    files = [path for path in tracked_files() if path.relative_to(ROOT).as_posix().startswith(places)]
    said = {each for path in files for each in named.findall(path.read_text("utf-8", errors="replace"))}

    assert (done.returncode, done.stdout, done.stderr) == (0, f"{VERSION}\n", "")
    assert said == {VERSION}


def test_a_tag_of_another_version_is_refused(copy: Path) -> None:
    done = release(copy, "check", "v9.9.9")

    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == f"the tag is v9.9.9, but pyproject.toml says {VERSION}: the tag of this commit is v{VERSION}\n"
    )


def test_a_file_that_was_forgotten_is_named(copy: Path) -> None:
    replace(copy / "deploy" / "chart" / "Chart.yaml", f'appVersion: "{VERSION}"', 'appVersion: "0.0.9"')

    done = release(copy, "check", f"v{VERSION}")

    assert done.returncode == 1
    assert "deploy/chart/Chart.yaml: ^appVersion" in done.stderr
    assert f"finds ['0.0.9'], not {VERSION}" in done.stderr


@pytest.mark.parametrize(
    ("old", "new"), [(f"## {VERSION}\n", "## 9.9.9\n"), (f"## {VERSION}\n", f"## {VERSION}\n\n## 0.0.9\n")]
)
def test_a_version_that_the_changelog_says_nothing_about_is_refused(copy: Path, old: str, new: str) -> None:
    replace(copy / "CHANGELOG.md", old, new)

    for arguments in (["check", f"v{VERSION}"], ["notes"]):
        done = release(copy, *arguments)
        assert done.returncode == 1
        assert f"CHANGELOG.md has no section `## {VERSION}`" in done.stderr


def test_the_notes_are_the_section_of_the_version(copy: Path) -> None:
    (copy / "CHANGELOG.md").write_text(
        f"# Changelog\n\n## Unreleased\n\n- Later\n\n## {VERSION}\n\n- Now\n\n## 0.0.9\n\n- Before\n"
    )

    assert release(copy, "notes").stdout == "- Now\n"
    assert release(copy).returncode == 1


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """In place of docker, cosign and gh, what records how it is called; helm is real, for a registry without TLS."""
    place = tmp_path / "programs"
    place.mkdir()
    texts = {"docker": DOCKER, "cosign": RECORDING, "gh": GH, "helm": HELM.format(helm=helm("4"))}
    for name, text in texts.items():
        (place / name).write_text(text, encoding="utf-8")
        (place / name).chmod(0o755)
    return place


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    with oci_registry(tmp_path) as address:
        yield address


def publish(
    programs: Path, registry: str, *arguments: str, checkout: Path = ROOT, **more: str
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run scripts/publish; what comes of it, and how the programs were called."""
    log = programs / "log"
    log.write_text("", encoding="utf-8")
    variables = {
        "LOG": str(log),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "REGISTRY": f"{registry}/Acme",
        "REGISTRY_PASSWORD": "of-the-registry",
        "REGISTRY_USER": "jane",
        "SOURCE_URL": SOURCE,
    }
    command = [str(checkout / "scripts" / "publish"), *arguments]
    environment = {**os.environ, **variables, **more}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done, log.read_text(encoding="utf-8").splitlines()


def prepared(folder: Path) -> Path:
    """A folder after the pull request of a first release: images with digests, and pages that say it is there."""
    images = (ROOT / "scripts" / "release-images").read_text(encoding="utf-8")
    complete = re.sub(r"^(\w+_IMAGE=[^@\n]+).*", rf"\1@{DIGEST}", images, flags=re.MULTILINE)
    (folder / "scripts" / "release-images").write_text(complete, encoding="utf-8")
    for page in filter(Path.exists, (folder / page for page in PAGES)):
        text = EARLY.sub("It is there", page.read_text(encoding="utf-8"))
        page.write_text(text.replace("./scenedock", "scenedock"), encoding="utf-8")
    return folder


@pytest.fixture
def checkout(copy: Path) -> Path:
    """A checkout whose images have digests, with the pages that tell how to install it."""
    for path in ("scripts/publish", *PAGES):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, copy / path)
    git(copy, "init", "--quiet")
    git(copy, "commit", "--quiet", "--allow-empty", "--message=Release")
    return prepared(copy)


def test_an_image_without_its_digest_or_of_another_version_than_the_dockerfile_is_refused(
    programs: Path, checkout: Path
) -> None:
    done, _ = publish(programs, "ghcr.io", "check", checkout=checkout)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    for old, new, said in (
        (f"buildx-stable-1@{DIGEST}", "buildx-stable-1", "BUILDKIT_IMAGE=moby/buildkit:buildx-stable-1 has no digest"),
        ("python:3.13", "python:3.12", "but the Dockerfile has python:3.13-slim-trixie"),
    ):
        prepared(checkout)
        replace(checkout / "scripts" / "release-images", old, new)
        for what in ("check", "image"):
            done, calls = publish(programs, "ghcr.io", what, checkout=checkout)
            assert (done.returncode, said in done.stderr) == (1, True), done.stderr
            assert [call for call in calls if "run" in call or "build" in call] == []


def test_all_that_the_first_release_lacks_is_said_at_once_with_what_to_do(programs: Path, checkout: Path) -> None:
    images = checkout / "scripts" / "release-images"
    images.write_text(images.read_text("utf-8").replace(f"@{DIGEST}", ""), encoding="utf-8")
    (checkout / "README.md").write_text("# Scenedock\n\nIt isn't on PyPI yet: clone it.\n", encoding="utf-8")

    done, _ = publish(programs, "ghcr.io", "check", checkout=checkout)

    named = re.findall(r"^[A-Z]+_IMAGE=(\S+)$", images.read_text("utf-8"), re.MULTILINE)
    looked_up = re.findall(r"^    docker buildx imagetools inspect (\S+) --format", done.stderr, re.MULTILINE)
    assert (done.returncode, len(named), looked_up) == (1, 5, named)
    assert "README.md:3:isn't on PyPI yet\n" in done.stderr
    assert done.stderr.endswith("docs/releasing.md, Once, for a repository\n")


@pytest.mark.parametrize(
    ("state", "said"),
    [({"PUBLISHED": "yes"}, "is published already and isn't replaced"), ({"REFUSAL": "no route"}, "no route")],
)
def test_an_image_that_is_there_or_may_be_is_not_replaced(
    programs: Path, checkout: Path, state: dict[str, str], said: str
) -> None:
    done, calls = publish(programs, "ghcr.io", "image", checkout=checkout, **state)

    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert [call for call in calls if "docker run" in call or "buildx build" in call] == []


def test_the_image_is_built_for_two_architectures_on_pinned_images(programs: Path, checkout: Path) -> None:
    done, calls = publish(programs, "ghcr.io", "image", checkout=checkout)

    assert (done.returncode, done.stdout) == (0, f"name=ghcr.io/acme/scenedock\ndigest={DIGEST}\n"), done.stderr
    (build,) = (call for call in calls if "buildx build" in call)
    bases = re.findall(r"^ARG (\w+_IMAGE)=(\S+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert [f"--build-arg {name}={image}@{DIGEST}" in build for name, image in bases] == [True, True]
    for each in (
        "--platform linux/amd64,linux/arm64 --push",
        f"--tag ghcr.io/acme/scenedock:{VERSION} ",
        f"--build-arg VERSION={VERSION} ",
        f"--build-arg REVISION={git(checkout, 'rev-parse', 'HEAD')} ",
        f"--build-arg SOURCE={SOURCE} ",
        f"--attest type=sbom,generator=docker/buildkit-syft-scanner:stable-1@{DIGEST} --provenance=mode=max",
    ):
        assert each in build
    images = "".join(call for call in calls if call.startswith(("docker run", "docker buildx create")))
    assert images.count(f"@{DIGEST}") == 2
    assert calls[0] == "docker login --username jane --password-stdin ghcr.io"
    assert [call for call in calls if "of-the-registry" in call] == ["password: of-the-registry"]
    assert [call for call in calls if call.startswith("cosign")] == []


def test_what_was_published_is_signed_by_its_digest(programs: Path) -> None:
    done, calls = publish(programs, "ghcr.io", "sign", f"ghcr.io/acme/scenedock@{DIGEST}", "ghcr.io/acme/charts@")

    assert (done.returncode, done.stderr) == (1, "ghcr.io/acme/charts@ has no digest, so it can't be signed\n")
    assert [call for call in calls if call.startswith("cosign")] == [
        f"cosign sign --yes ghcr.io/acme/scenedock@{DIGEST}"
    ]


def test_what_has_no_digest_is_not_passed_on(programs: Path, checkout: Path) -> None:
    done, _ = publish(programs, "ghcr.io", "image", checkout=checkout, DIGEST="")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("so it can't be signed\n")
    assert publish(programs, "ghcr.io", "imgae")[0].returncode == 2


def test_the_chart_in_the_registry_names_the_published_image_and_the_repository(
    programs: Path, registry: str, tmp_path: Path
) -> None:
    done, _ = publish(programs, registry, "chart")
    again, _ = publish(programs, registry, "chart")

    assert (again.returncode, again.stdout) == (1, "")
    assert "is published already and isn't replaced" in again.stderr
    published = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert published["name"] == f"{registry}/acme/charts/scenedock", done.stderr
    pull = ["pull", f"oci://{published['name']}@{published['digest']}", "--plain-http", "--destination", str(tmp_path)]
    subprocess.run([helm("4"), *pull], check=True, capture_output=True)
    (packed,) = tmp_path.glob("scenedock*.tgz")
    with tarfile.open(packed) as chart:
        chart.extractall(tmp_path, filter="data")
    about = yaml.safe_load((tmp_path / "scenedock" / "Chart.yaml").read_bytes())
    assert (about["version"], about["appVersion"]) == (VERSION, VERSION)
    assert (about["home"], about["sources"]) == (SOURCE, [SOURCE])
    rendered = run_helm("4", "template", "scenedock", tmp_path / "scenedock")
    assert f"{registry}/acme/scenedock:{VERSION}" in rendered


def test_a_chart_that_the_registry_refuses_is_not_published(programs: Path) -> None:
    done, _ = publish(programs, "127.0.0.1:1", "chart")

    assert (done.returncode, done.stdout) == (1, "")
    assert "connection refused" in done.stderr


def announce(programs: Path, checkout: Path, tag: str, **more: str) -> tuple[str, list[str]]:
    """What scripts/announce says, and how gh was called."""
    log = programs / "log"
    log.write_text("", encoding="utf-8")
    variables = {"LOG": str(log), "PATH": f"{programs}:{os.environ['PATH']}", "GH_REPO": "acme/scenedock", **more}
    command = [str(ROOT / "scripts" / "announce"), tag, "notes.md", "a.whl"]
    done = subprocess.run(command, cwd=checkout, env=os.environ | variables, capture_output=True, text=True, check=True)
    return done.stdout, log.read_text(encoding="utf-8").splitlines()


def test_the_tag_of_the_major_version_never_goes_back_and_a_page_is_made_once(programs: Path, checkout: Path) -> None:
    for tag in ("v0.9.1", "v0.10.0", "v0.11.0-rc1", "v1.0.0", "v0"):
        git(checkout, "tag", tag)

    late, late_calls = announce(programs, checkout, "v0.9.1", RELEASES="none")
    _, calls = announce(programs, checkout, "v0.10.0")

    assert late == "v0 isn't moved: v0.10.0 is higher than v0.9.1\n"
    assert late_calls == [
        "gh release view v0.9.1",
        "gh release create v0.9.1 --verify-tag --title v0.9.1 --notes-file notes.md a.whl",
    ]
    commit = git(checkout, "rev-parse", "HEAD")
    assert calls == [
        "gh release view v0.10.0",
        f"gh api --method PATCH repos/acme/scenedock/git/refs/tags/v0 --field sha={commit} --field force=true",
    ]


def test_the_workflows_please_github_and_their_auditor() -> None:
    for name, *options in (
        ("actionlint", "-color=false"),
        ("zizmor", "--offline", "--no-progress", "--quiet", "--persona=pedantic"),
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
    ):
        done = tool(name, *options, *WORKFLOWS, cwd=ROOT)
        assert (name, done.returncode) == (name, 0), done.stdout + done.stderr


def test_the_bot_for_updates_understands_its_settings(copy: Path) -> None:
    done = tool("check-jsonschema", "--builtin-schema", "vendor.renovate", ROOT / "renovate.json")

    assert done.returncode == 0, done.stdout + done.stderr
    (manager,) = json.loads((ROOT / "renovate.json").read_text("utf-8"))["customManagers"]
    pattern = manager["matchStrings"][0].replace("(?<", "(?P<")
    assert re.findall(pattern, prepared(copy).joinpath("scripts/release-images").read_text("utf-8")) == [
        ("python", "3.13-slim-trixie", DIGEST),
        ("alpine/helm", "4.3.1", DIGEST),
        ("tonistiigi/binfmt", "qemu-v10.2.3", DIGEST),
        ("moby/buildkit", "buildx-stable-1", DIGEST),
        ("docker/buildkit-syft-scanner", "stable-1", DIGEST),
    ]


def test_each_job_has_only_the_permissions_that_it_needs() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yaml").read_bytes())["jobs"]
    signing = {"id-token": "write", "attestations": "write"}

    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "check": {"contents": "read"},
        "test": {"contents": "read"},
        "build": {"contents": "read"},
        "image": {"contents": "read", "packages": "write"},
        "chart": {"contents": "read", "packages": "write"},
        "sign": {"contents": "read", "packages": "write", **signing},
        "package": signing,
        "release": {"contents": "write"},
    }
    assert {name for name, job in jobs.items() if "environment" in job} == {
        "image",
        "chart",
        "sign",
        "package",
        "release",
    }


@pytest.mark.extended
def test_the_workflow_runs_from_the_tag_to_the_release(
    programs: Path, registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Executed on this machine; in place of GitHub's actions, folders are copied; `test` runs nothing."""
    checkout = tmp_path / "checkout"
    for path in tracked_files():
        if path.is_relative_to(ROOT / "tests"):
            continue  # no job but `test` needs them, and each job copies the whole checkout
        (checkout / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, checkout / path.relative_to(ROOT), follow_symlinks=False)
    (checkout / "scripts" / "bootstrap").write_text("#!/bin/sh\n", encoding="utf-8")  # .venv is there
    workflow = checkout / ".github" / "workflows" / "release.yaml"
    workflow.write_text(executable(workflow.read_text("utf-8"), registry, tmp_path / "artifacts"), encoding="utf-8")
    prepared(checkout)
    git(checkout, "init", "--quiet", "--initial-branch=main")
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--message=Release")
    git(checkout, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(checkout, "tag", f"v{VERSION}")
    (checkout / ".venv").symlink_to(Path(sys.prefix))
    (tmp_path / "event.json").write_text(json.dumps({"ref": f"refs/tags/v{VERSION}"}), encoding="utf-8")
    log = tmp_path / "log"

    options = (
        "--platform",
        "ubuntu-latest=-self-hosted",
        "--action-offline-mode",
        "--eventpath",
        tmp_path / "event.json",
        "--workflows",
        workflow,
    )
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    done = tool("act", "push", *options, cwd=checkout, LOG=str(log), HOME=str(tmp_path), RELEASES="none")

    assert done.returncode == 0, done.stdout + done.stderr
    calls = log.read_text(encoding="utf-8").splitlines()
    assert [re.sub(r"@sha256:\w+|\S+/acme", "", call) for call in calls if call.startswith("cosign")] == [
        "cosign sign --yes /scenedock",
        "cosign sign --yes /charts/scenedock",
    ]
    create, move = (
        call for call in calls if call.startswith(("gh release create", "gh api"))
    )  # act itself asks for a token
    assert create.startswith(f"gh release create v{VERSION} --verify-tag ")
    assert re.findall(r"scenedock-\S+", create) == [
        f"scenedock-{VERSION}-py3-none-any.whl",
        f"scenedock-{VERSION}.tar.gz",
    ]
    assert "git/refs/tags/v0 --field sha=" in move
    notes = (tmp_path / "artifacts" / "notes" / "notes.md").read_text(encoding="utf-8")
    assert notes == release(ROOT, "notes").stdout


def executable(text: str, registry: str, artifacts: Path) -> str:
    """The workflow with commands in place of the actions, and the registry of the test."""
    others = "actions/attest|actions/setup-python|sigstore/cosign-installer|pypa/gh-action-pypi-publish"
    name, path, last = r" +name: (\w+)\n", r" +path: (\S+)\n", r" +if-no-files-found: error\n"
    for action, command in (
        (
            f"actions/upload-artifact@.*\n +with:\n{name}{path}{last}",
            rf"mkdir -p {artifacts}/\1 && cp \2 {artifacts}/\1\n",
        ),
        (f"actions/download-artifact@.*\n +with:\n{name}{path}", rf"cp -R {artifacts}/\1 \2\n"),
        (f"actions/download-artifact@.*\n +with:\n{path}", rf"cp -R {artifacts} \1\n"),
        (rf"(?:{others})@.*\n(?: +with:\n(?: {{10}}.*\n)+)?", "ls\n"),
        (r"\./.*\n", "ls\n"),
    ):
        text, count = re.subn(f"uses: {action}", f"run: {command}", text)
        assert count, action
    text = text.replace(
        "    run: ls\n\n  build:", "    runs-on: ubuntu-latest\n    steps:\n      - run: ls\n\n  build:"
    )
    return text.replace("ghcr.io/${{ github.repository_owner }}", f"{registry}/acme")
