"""The result of the skeleton `microservice-python`, checked by its own tests and by the tools of its operators."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml

from tests.skeletons.shipped.answers import MICROSERVICES
from tests.skeletons.shipped.world import LOCKS, bake, run
from tests.tools.judge import judge
from tests.tools.venv import venv

ALWAYS = {
    ".dockerignore",
    ".gitignore",
    "Dockerfile",
    "Makefile",
    "README.md",
    "catalog-info.yaml",
    "docs/index.md",
    "docs/operations.md",
    "gunicorn.conf.py",
    "mkdocs.yml",
    "openapi.json",
    "pyproject.toml",
    "requirements-dev.txt",
    "requirements.txt",
    "src/service/__init__.py",
    "src/service/app.py",
    "src/service/logs.py",
    "src/service/observed.py",
    "src/service/probes.py",
    "tests/slow.py",
    "tests/test_process.py",
    "tests/test_service.py",
}
REST = [pytest.param(case, marks=pytest.mark.extended) for case in list(MICROSERVICES)[1:]]
WITH_GITHUB = {".github/CODEOWNERS", ".github/dependabot.yml", ".github/workflows/ci.yml"}
WITH_GITLAB = {".gitlab-ci.yml", ".gitlab/CODEOWNERS", ".gitlab/merge_request_templates/Default.md"}


@pytest.fixture(scope="module", params=MICROSERVICES)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bake("microservice-python", tmp_path_factory.mktemp("services"), MICROSERVICES[request.param])


@pytest.fixture(scope="module")
def linters() -> Path:
    return venv(LOCKS / "requirements-linters.txt") / "bin"


@pytest.mark.parametrize(("ci", "expected"), [("github", ALWAYS | WITH_GITHUB), ("gitlab", ALWAYS | WITH_GITLAB)])
def test_it_has_the_files_of_its_ci_and_none_of_the_other(ci: str, expected: set[str], tmp_path: Path) -> None:
    made = bake("microservice-python", tmp_path, {"ci": ci})

    assert {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()} == expected
    assert [path for path in made.rglob("*") if path.is_dir() and not any(path.iterdir())] == []


@pytest.mark.parametrize("service", ["github", *REST], indirect=True)
def test_its_own_checks_pass(service: Path) -> None:
    python = venv(service / "requirements-dev.txt") / "bin" / "python"

    said = run(["make", "check", f"PYTHON={python}"], service)

    assert re.search(r"^=+ \d+ passed in ", said, re.MULTILINE)


def test_its_python_compiles(service: Path) -> None:
    python = venv(service / "requirements-dev.txt") / "bin" / "python"

    run([python, "-W", "error", "-m", "compileall", "-q", "-f", "src", "tests", "gunicorn.conf.py"], service)


def test_what_its_image_holds_is_enough_to_run_it(service: Path, tmp_path: Path) -> None:
    dockerfile = (service / "Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?!--from)(\S+) ", dockerfile, re.MULTILINE)
    assert sorted(copied) == ["gunicorn.conf.py", "requirements.txt", "src"]
    shutil.copy(service / "gunicorn.conf.py", tmp_path)
    shutil.copytree(service / "src", tmp_path / "src")

    run([venv(service / "requirements.txt") / "bin" / "gunicorn", "--check-config"], tmp_path)


def test_only_what_its_image_needs_is_sent_to_the_builder(service: Path) -> None:
    ignored = (service / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert [line for line in ignored if not line.startswith("#")] == [
        "*",
        "!requirements.txt",
        "!gunicorn.conf.py",
        "!src",
        "**/__pycache__",
    ]


def test_its_locks_are_one_resolution(service: Path) -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^\S+==\S+", (service / name).read_text(encoding="utf-8"), re.MULTILINE))

    assert pins("requirements.txt") < pins("requirements-dev.txt")


def test_its_dockerfile_is_clean(service: Path, linters: Path) -> None:
    run([linters / "hadolint", "--failure-threshold", "style", "Dockerfile"], service)


def test_its_image_runs_as_an_ordinary_user(service: Path) -> None:
    users = re.findall(r"^USER (\S+)$", (service / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)

    assert users == ["10001:10001"]


@pytest.mark.parametrize("service", ["github", "gitlab", REST[-1]], indirect=True)
def test_its_pipeline_is_clean(service: Path, linters: Path) -> None:
    if (service / ".gitlab-ci.yml").exists():
        schema = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
        run([linters / "check-jsonschema", *schema, ".gitlab-ci.yml"], service)
        return
    workflow, dependabot = ".github/workflows/ci.yml", ".github/dependabot.yml"
    run([linters / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", workflow], service)
    run([linters / "check-jsonschema", "--builtin-schema", "vendor.dependabot", dependabot], service)
    run([linters / "actionlint", workflow], service)
    run([linters / "zizmor", "--offline", "--no-config", "."], service)


def test_its_github_actions_are_pinned_to_commits(tmp_path: Path) -> None:
    made = bake("microservice-python", tmp_path)
    used = re.findall(r"uses: (.*)", (made / ".github/workflows/ci.yml").read_text(encoding="utf-8"))

    assert used
    assert [action for action in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)] == []


@pytest.mark.parametrize("service", ["github", *REST], indirect=True)
def test_its_documentation_builds(service: Path, tmp_path: Path) -> None:
    mkdocs = venv(LOCKS / "requirements-techdocs.txt") / "bin" / "mkdocs"

    run([mkdocs, "build", "--strict", "--site-dir", tmp_path], service)

    assert (tmp_path / "operations" / "index.html").is_file()


def entities(service: Path) -> list[dict[str, Any]]:
    """What Backstage makes of its catalog-info.yaml, the definition of the API put in."""
    described = list(yaml.safe_load_all((service / "catalog-info.yaml").read_text(encoding="utf-8")))
    definition = described[-1]["spec"]["definition"]
    described[-1]["spec"]["definition"] = (service / definition["$text"]).read_text(encoding="utf-8")
    return described


def test_backstage_accepts_its_entities(service: Path) -> None:
    component, api = entities(service)

    assert judge([component, api]) == [None, None]
    assert component["spec"]["providesApis"] == [api["metadata"]["name"]]


def test_its_component_is_left_to_the_folder_of_its_deployment(tmp_path: Path) -> None:
    made = bake("microservice-python", tmp_path, {"component": "deployment", "system": "shop"})

    (api,) = entities(made)

    assert judge([api]) == [None]
    assert (api["kind"], api["spec"]["system"]) == ("API", "shop")
    assert set(api["metadata"]["annotations"]) == {"backstage.io/techdocs-ref", "github.com/project-slug"}


def test_its_api_is_described_as_openapi_wants_it(service: Path) -> None:
    schemathesis.openapi.from_path(service / "openapi.json").validate()


def test_its_answers_arrive_unchanged(tmp_path: Path) -> None:
    answers = MICROSERVICES["words that mean something elsewhere"]

    made = bake("microservice-python", tmp_path, answers)

    for entity in entities(made):
        assert entity["metadata"]["name"] == answers["name"]
        assert entity["metadata"]["description"] == answers["description"]
