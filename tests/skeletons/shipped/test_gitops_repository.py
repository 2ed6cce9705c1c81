"""The result of the skeleton `gitops-repository`: its documentation is followed, and other programs check its files."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.skeletons.shipped.answers import GITOPS
from tests.skeletons.shipped.custom_resources import judge_custom_resources
from tests.skeletons.shipped.typing_commands import follow, programs, versions
from tests.skeletons.shipped.world import LOCKS, attempt, bake, run
from tests.tools.judge import judge
from tests.tools.sealed_secrets import Cluster
from tests.tools.venv import venv

REST = [pytest.param(case, marks=pytest.mark.extended) for case in list(GITOPS)[1:]]
pytestmark = pytest.mark.usefixtures("programs")
__all__ = ["programs"]
HELLO = GITOPS["github"]


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {case: bake("gitops-repository", tmp_path_factory.mktemp("r"), answers) for case, answers in GITOPS.items()}


@pytest.fixture(scope="module")
def first(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository after the first step of its README."""
    return begin(tmp_path_factory.mktemp("first"), HELLO)


@pytest.fixture
def begun(first: Path, tmp_path: Path) -> Path:
    """A copy of it, to work in."""
    return shutil.copytree(first, tmp_path / first.name)


def begin(folder: Path, answers: dict[str, str]) -> Path:
    """Bake a repository, and take the first step of its README."""
    made = bake("gitops-repository", folder, answers)
    (block,) = re.findall(r"```shell\n(.*?)```", (made / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    for line in block.strip().splitlines():
        follow(line.strip(), made)
    return made


def objects(folder: Path) -> list[dict[str, Any]]:
    return [each for file in sorted((folder / "argocd").iterdir()) for each in yaml.safe_load_all(file.read_bytes())]


def services(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder / "argocd" / "services.yaml").read_bytes())["spec"]
    return found


def reference(owner: str) -> str:
    """An owner as Backstage understands it: of a name alone, the group."""
    return owner if ":" in owner else f"group:default/{owner}"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_example_is_what_the_skeleton_deployment_makes(repositories: dict[str, Path], tmp_path: Path) -> None:
    for case, answers in GITOPS.items():
        service = answers.get("service", "hello")
        asked = {name: value for name, value in answers.items() if name in {"owner", "image", "ingress_domain"}}
        example = {"description": "The example: replace it by your first service", "environment_production": "no"}
        (tmp_path / case).mkdir()
        made = bake("deployment", tmp_path / case, {"service": service, **example, **asked})

        assert contents(repositories[case] / service) == contents(made)


def test_its_library_is_what_the_skeleton_library_chart_makes(repositories: dict[str, Path], tmp_path: Path) -> None:
    assert contents(repositories["github"] / "workload") == contents(bake("library-chart", tmp_path))


def test_argo_cd_knows_all_of_its_fields(repositories: dict[str, Path]) -> None:
    found = [each for repository in repositories.values() for each in objects(repository)]

    assert {each["kind"] for each in found} == {"AppProject", "Application", "ApplicationSet"}
    assert judge_custom_resources(found) == [[] for _ in found]


def test_production_comes_last_for_a_change_of_the_library(repositories: dict[str, Path]) -> None:
    steps = services(repositories["github"])["strategy"]["rollingSync"]["steps"]
    by_hand = services(repositories["gitlab"])["strategy"]["rollingSync"]["steps"]

    assert [step["matchExpressions"][0]["values"] for step in steps] == [["dev"], ["qa"], ["production"]]
    assert [step.get("maxUpdate") for step in steps] == [None, None, None]
    assert [step.get("maxUpdate") for step in by_hand] == [None, None, 0]
    assert "strategy" not in services(repositories["at once"])
    argocd = yaml.safe_load((repositories["github"] / "platform/argocd/values.yaml").read_bytes())["argo-cd"]
    assert argocd["configs"]["params"] == {"applicationsetcontroller.enable.progressive.syncs": True}


def test_what_runs_stays_without_its_folder_only_by_choice(repositories: dict[str, Path]) -> None:
    gone, kept = services(repositories["github"]), services(repositories["gitlab"])

    assert gone["template"]["metadata"]["finalizers"] == ["resources-finalizer.argocd.argoproj.io"]
    assert "syncPolicy" not in gone
    assert kept["syncPolicy"] == {"preserveResourcesOnDeletion": True}
    assert "finalizers" not in kept["template"]["metadata"]


@pytest.mark.parametrize("case", ["github", *REST])
def test_what_the_platform_lists_has_a_folder_and_is_in_the_catalog(case: str, tmp_path: Path) -> None:
    made = begin(tmp_path, HELLO | GITOPS[case])
    platform = yaml.safe_load((made / "argocd" / "platform.yaml").read_bytes())
    listed = {each["name"] for each in platform["spec"]["generators"][0]["list"]["elements"]}
    service = GITOPS[case].get("service", "hello")

    entities = list(yaml.safe_load_all(follow("scenedock catalog export --strict .", made)))
    applications = json.loads(follow("scenedock applications list --format json", made))

    assert judge(entities) == [None] * len(entities)
    assert judge(list(yaml.safe_load_all((made / "catalog-info.yaml").read_bytes()))) == [None, None]
    assert {each["metadata"]["name"] for each in entities} == {"workload", service, *listed}
    assert {reference(each["spec"]["owner"]) for each in entities} == {reference((HELLO | GITOPS[case])["owner"])}
    sources = {each["name"]: each["sources"][0] for each in applications["applications"]}
    deployed = {name: source["path"] or source["chart"] for name, source in sources.items()}
    chart = service if GITOPS[case].get("library_source") != "registry" else "workload-service"
    assert deployed == {
        "root": "argocd",
        f"{service}-dev": chart,
        f"{service}-qa": chart,
        **{name: f"platform/{name}" for name in listed},
    }
    assert follow("scenedock catalog check .", made).startswith("All right")


def test_the_exercises_do_what_they_say(begun: Path) -> None:
    text = (begun / "docs" / "exercises.md").read_text(encoding="utf-8")
    chapters = [re.findall(r"^\$ (.*)$", chapter, re.MULTILINE) for chapter in text.split("\n## ")]
    seen: list[dict[str, str]] = []
    printed: list[str] = []

    for lines in chapters:
        printed += [follow(line, begun) for line in lines]
        seen.append(versions(begun))

    assert len(chapters) == 6
    assert seen == [
        {"dev": "0.1.0", "qa": "0.1.0"},
        {"dev": "0.1.0", "qa": "0.1.0"},
        {"dev": "0.2.0", "qa": "0.2.0"},
        {"dev": "0.2.0", "qa": "0.1.0"},
        {"dev": "0.2.0", "qa": "0.1.0"},
        {"dev": "0.2.0", "qa": "0.1.0", "production": "0.1.0"},
    ]
    assert versions(begun, "hello-two") == {"dev": "0.1.0", "qa": "0.1.0"}
    assert "SealedSecret hello-production/hello" in "".join(printed)
    assert "hello production" in "".join(printed)
    assert run(["git", "status", "--porcelain"], begun) == ""


def test_the_secret_of_the_guide_is_sealed_into_the_values_of_its_environment(begun: Path) -> None:
    guide = (begun / "docs" / "how-to.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^printf %s .* \| (scenedock secrets seal .*)$", guide, re.MULTILINE)
    (begun / "sealed-secrets.pem").write_bytes(Cluster().certificate())

    follow(line, begun, typed="a password")

    values = yaml.safe_load((begun / "hello" / "values-dev.yaml").read_bytes())["workload"]
    assert values["sealedSecrets"]["hello"]["encryptedData"]["PASSWORD"].startswith("AQ")


def test_its_pipeline_looks_at_what_changed_and_finds_mistakes(begun: Path) -> None:
    values = begun / "hello" / "values-qa.yaml"
    right = values.read_text(encoding="utf-8")

    values.write_text(right.replace("replicas", "replicaz"), encoding="utf-8")
    misspelt = attempt(["ci/check", "HEAD"], begun)
    values.write_text(right.replace("replicas: 1", "replicas: 2"), encoding="utf-8")
    changed = run(["ci/check", "HEAD"], begun)
    run(["git", "rm", "--quiet", "-r", "--", "*/catalog-info.yaml"], begun)
    follow("git commit --quiet --message Serve", begun)
    served = attempt(["ci/check", "HEAD"], begun)

    assert served.returncode == 0, served.stderr  # Scenedock's feed has the entities, so no file does
    assert misspelt.returncode != 0
    assert "replicaz" in misspelt.stdout + misspelt.stderr
    assert changed.splitlines()[:2] == ["hello dev", "hello qa"]


@pytest.mark.parametrize("case", ["github", "gitlab", REST[-1]])
def test_its_pipeline_and_its_documentation_are_clean(case: str, repositories: dict[str, Path], tmp_path: Path) -> None:
    made, linters = repositories[case], venv(LOCKS / "requirements-linters.txt") / "bin"
    run([linters / "check-jsonschema", "--builtin-schema", "vendor.renovate", "renovate.json"], made)
    if (made / ".gitlab-ci.yml").exists():
        schema = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
        run([linters / "check-jsonschema", *schema, ".gitlab-ci.yml"], made)
    else:
        workflow = ".github/workflows/check.yml"
        run([linters / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", workflow], made)
        run([linters / "actionlint", workflow], made)
        run([linters / "zizmor", "--offline", "--no-config", "."], made)

    run(
        [venv(LOCKS / "requirements-techdocs.txt") / "bin" / "mkdocs", "build", "--strict", "--site-dir", tmp_path],
        made,
    )


def test_a_service_cannot_have_the_name_of_another_folder(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main,
        ["skeletons", "bake", "gitops-repository", "--output", str(tmp_path / "out"), "owner=a", "service=workload"],
    )

    assert done.exit_code != 0
    assert "'workload' already exists" in done.output
