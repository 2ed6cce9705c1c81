"""The result of the skeleton `microservice-python`, checked by its own tests and by the tools of its operators."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml

from tests.skeletons.shipped.answers import MICROSERVICES
from tests.skeletons.shipped.gitops import Repository
from tests.skeletons.shipped.pipelines import DUTIES, duties
from tests.skeletons.shipped.world import LOCKS, bake, run
from tests.tools.judge import judge
from tests.tools.promtool import promtool
from tests.tools.venv import venv

ALWAYS = set(
    """
    .devcontainer/devcontainer.json .dockerignore .gitignore .pre-commit-config.yaml
    CONTRIBUTING.md Dockerfile LICENSE Makefile README.md SECURITY.md catalog-info.yaml
    ci/alerts ci/commits.py ci/image ci/propose.py ci/release.py
    docs/index.md docs/operations.md docs/releases.md gunicorn.conf.py mkdocs.yml
    monitoring/alerts.test.yaml monitoring/alerts.yaml monitoring/dashboard.json
    openapi.json pyproject.toml renovate.json requirements-dev.txt requirements.txt
    src/service/__init__.py src/service/app.py src/service/logs.py src/service/observed.py src/service/probes.py
    src/service/tracing.py
    tests/slow.py tests/test_monitoring.py tests/test_process.py tests/test_service.py tests/test_tracing.py
    """.split()
)
WITH_A_DATABASE = set(
    """
    src/service/database.py src/service/env.py src/service/migrate.py src/service/script.py.mako
    tests/conftest.py tests/test_database.py
    """.split()
)
OLDEST = pytest.param("oldest", marks=pytest.mark.extended)
REST = [pytest.param(case, marks=pytest.mark.extended) for case in list(MICROSERVICES)[1:]]
WITH_GITHUB = {".github/CODEOWNERS", ".github/workflows/ci.yml"}
WITH_GITLAB = {".gitlab-ci.yml", ".gitlab/CODEOWNERS", ".gitlab/merge_request_templates/Default.md"}


@pytest.fixture(scope="module", params=["github", "gitlab", "words that mean something elsewhere", OLDEST])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bake("microservice-python", tmp_path_factory.mktemp("services"), MICROSERVICES[request.param])


@pytest.fixture(scope="module")
def linters() -> Path:
    return venv(LOCKS / "requirements-linters.txt") / "bin"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"ci": "github"}, ALWAYS | WITH_GITHUB),
        ({"ci": "gitlab"}, ALWAYS | WITH_GITLAB),
        ({"database": "postgresql"}, ALWAYS | WITH_GITHUB | WITH_A_DATABASE),
        ({"deploy_to": ""}, (ALWAYS | WITH_GITHUB) - {"ci/propose.py"}),
    ],
)
def test_it_has_the_files_that_its_answers_ask_for(answers: dict[str, str], expected: set[str], tmp_path: Path) -> None:
    made = bake("microservice-python", tmp_path, answers)

    assert {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()} == expected
    assert [path for path in made.rglob("*") if path.is_dir() and not any(path.iterdir())] == []


def test_its_own_linter_finds_nothing(service: Path) -> None:
    python = venv(service / "requirements-dev.txt") / "bin" / "python"

    run([python, "-m", "ruff", "format", "--check"], service)
    run([python, "-m", "ruff", "check"], service)


@pytest.mark.parametrize("service", ["github", *REST], indirect=True)
def test_its_own_checks_pass(service: Path) -> None:
    python = venv(service / "requirements-dev.txt") / "bin" / "python"

    said = run(["make", "check", f"PYTHON={python}"], service)

    assert re.search(r"^=+ \d+ passed in ", said, re.MULTILINE)


def test_its_python_compiles(service: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "compileall", "-q", "-f"]

    run([*command, "src", "tests", "ci", "gunicorn.conf.py"], service)


def test_its_tools_expect_the_python_that_it_requires(service: Path) -> None:
    settings = tomllib.loads((service / "pyproject.toml").read_text(encoding="utf-8"))
    required = settings["project"]["requires-python"].removeprefix(">=")

    assert settings["tool"]["ruff"]["target-version"] == f"py{required.replace('.', '')}"
    assert settings["tool"]["mypy"]["python_version"] == required
    assert set(re.findall(r"FROM python:([\d.]+)-slim", (service / "Dockerfile").read_text(encoding="utf-8"))) == {
        required
    }
    image = json.loads((service / ".devcontainer" / "devcontainer.json").read_bytes())["image"]
    assert f"-python{required}-" in image


@pytest.mark.parametrize("service", ["github", *REST], indirect=True)
def test_what_its_image_holds_is_enough_to_run_it(service: Path, tmp_path: Path) -> None:
    dockerfile = (service / "Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?!--from)(\S+) ", dockerfile, re.MULTILINE)
    assert sorted(copied) == ["gunicorn.conf.py", "requirements.txt", "src"]
    shutil.copy(service / "gunicorn.conf.py", tmp_path)
    shutil.copytree(service / "src", tmp_path / "src")

    gunicorn = venv(service / "requirements.txt") / "bin" / "gunicorn"
    run(["env", "DATABASE_URL=postgresql://nobody@localhost/nothing", gunicorn, "--check-config"], tmp_path)


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


@pytest.mark.parametrize("service", ["github", *REST], indirect=True)
def test_its_alerts_fire_when_they_should(service: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(promtool().parent), prepend=":")

    said = run(["ci/alerts"], service)
    run(["promtool", "check", "rules", "--lint-fatal", "monitoring/alerts.yaml"], service)

    assert said.endswith("SUCCESS\n\n")


def test_the_values_in_its_documentation_fit_the_library_chart(tmp_path: Path) -> None:
    made = bake("microservice-python", tmp_path, MICROSERVICES["gitlab"])
    name = made.name
    page = (made / "docs" / "operations.md").read_text(encoding="utf-8")
    more = []
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)):
        (tmp_path / f"{number}.yaml").write_text(block, encoding="utf-8")
        more += ["--values", str(tmp_path / f"{number}.yaml")]
    (tmp_path / "apps").mkdir()
    repository = Repository(tmp_path / "apps", "4")
    repository.deploy({"service": name})

    found = {each["kind"]: each for each in repository.render(name, "dev", *more)}

    (container,) = found["Job"]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["python", "-m", "service.migrate"]
    assert (made / "src" / "service" / "migrate.py").exists()
    assert container["envFrom"] == [{"secretRef": {"name": name}}]
    alerts = yaml.safe_load((made / "monitoring" / "alerts.yaml").read_bytes())["groups"][0]["rules"]
    told = found["PrometheusRule"]["spec"]["groups"][0]["rules"][-1]
    assert told == {key: alerts[0][key] for key in told}
    assert found["ConfigMap"]["metadata"]["name"] == f"{name}-requests"
    assert len(more) == 4


def test_its_image_runs_as_an_ordinary_user(service: Path) -> None:
    users = re.findall(r"^USER (\S+)$", (service / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)

    assert users == ["10001:10001"]


@pytest.mark.parametrize("service", ["github", "gitlab", *REST[1:]], indirect=True)
def test_its_pipeline_is_clean(service: Path, linters: Path) -> None:
    if (service / ".gitlab-ci.yml").exists():
        schema = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
        run([linters / "check-jsonschema", *schema, ".gitlab-ci.yml"], service)
        return
    workflow = ".github/workflows/ci.yml"
    run([linters / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", workflow], service)
    run([linters / "check-jsonschema", "--builtin-schema", "vendor.renovate", "renovate.json"], service)
    run([linters / "actionlint", workflow], service)
    run([linters / "zizmor", "--offline", "--no-config", "."], service)


def test_both_pipelines_have_the_same_duties(service: Path) -> None:
    without = set() if (service / "ci" / "propose.py").exists() else {"propose"}
    has_database = (service / "src" / "service" / "database.py").exists()
    beside = {"check": frozenset({"postgres:18"})} if has_database else {}

    assert duties(service) == {
        name: replace(duty, services=beside.get(name, frozenset()))
        for name, duty in DUTIES.items()
        if name not in without
    }


def test_one_version_of_a_tool_is_used_everywhere(service: Path) -> None:
    names = [".devcontainer/devcontainer.json", ".gitlab-ci.yml", ".github/workflows/ci.yml"]
    text = "\n".join((service / name).read_text("utf-8") for name in names if (service / name).exists())

    versions = re.findall(r"astral-sh/uv:([\d.]+\d)|(?<!-)version: \"([\d.]+)\"\n", text)

    assert len(versions) >= 2
    assert len({either or other for either, other in versions}) == 1


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
    *components, api = entities(service)

    assert judge([*components, api]) == [None] * (len(components) + 1)
    for component in components:
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
