"""The result of the skeleton `eks-cluster`: Terraform checks and tests it, and other programs read its other files."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scenedock.effects.bakes.baked_trees import write_tree
from scenedock.effects.skeletons.folders import read_skeleton
from scenedock.skeletons.rendering.bake import bake as bake_in_memory
from scenedock.skeletons.rendering.compiled import CompiledSkeleton
from tests.skeletons.shipped.answers import CLUSTERS
from tests.skeletons.shipped.checkov import failed_checks
from tests.skeletons.shipped.custom_resources import judge_custom_resources
from tests.skeletons.shipped.gitops import parse, validate_kubernetes
from tests.skeletons.shipped.terraform.world import STACKS, Terraform, terraform_world
from tests.skeletons.shipped.world import LOCKS, SKELETONS, attempt, bake, run
from tests.tools.helm import helm
from tests.tools.judge import judge
from tests.tools.venv import venv

REST = [pytest.param(case, marks=pytest.mark.extended) for case in list(CLUSTERS)[2:]]
CHOICES = {
    "ci": ["github", "gitlab"],
    "environments": ["dev-production", "dev-qa-production", "production"],
    "compute": ["auto", "managed"],
    "network": ["new", "existing"],
    "argocd": ["self", "capability"],
    "applications": ["template", "terraform"],
}
ACCEPTED = {
    "CKV_TF_1": "modules come from the registry by version, not from git by commit",
    "CKV_GLB_1": "two approvals need GitLab's Premium plan",
    "CKV_GLB_3": "rules for pushes need GitLab's Premium plan",
    "CKV_GLB_4": "rules for pushes need GitLab's Premium plan",
}
LEFT_OUT = {"environment", "identity_center_arn", "argocd_admin_groups"}
"""Variables without a default that no file of an environment has: ci/terraform sets the first, a person the others."""


@pytest.fixture(scope="module")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    with terraform_world(tmp_path_factory.mktemp("t")) as world:
        yield world


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {case: bake("eks-cluster", tmp_path_factory.mktemp("r"), answers) for case, answers in CLUSTERS.items()}


def prepared(made: Path, terraform: Terraform) -> Path:
    for stack in STACKS:
        terraform.prepare(made / stack)
    return made


def entities(made: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((made / "catalog-info.yaml").read_bytes()))


def rendered(made: Path, destination: str = "https://kubernetes.default.svc") -> list[dict[str, Any]]:
    """What Terraform hands to the cluster besides Argo CD."""
    repository = f"https://github.com/acme/{made.name}-dev-apps"
    values = ["--set", f"repository={repository}", "--set", f"destination={destination}"]
    command: list[str | Path] = [helm("4"), "template", "root", "argocd/chart", "--namespace", "argocd", *values]
    return parse(run(command, made))


def test_its_own_check_finds_everything_right(
    terraform: Terraform, repositories: dict[str, Path], tmp_path: Path
) -> None:
    made = prepared(shutil.copytree(repositories["least"], tmp_path / "made"), terraform)

    said = terraform.run(["ci/check"], made)

    assert re.findall(r"Success! (\d+) passed, 0 failed", said) == ["2", "5", "1"]


@pytest.mark.parametrize(
    ("file", "right", "wrong", "said"),
    [
        ("cluster/eks.tf", "deletion_protection = ", "delete_protection = ", "delete_protection"),
        ("cluster/eks.tf", "metrics-server = {}", "metrics-server = { versionn = true, before_compute = [] }", "bool"),
        ("cluster/outputs.tf", "module.eks.cluster_version", "module.eks.version", "version"),
        ("argocd/main.tf", "create_namespace", "make_namespace", "make_namespace"),
        ("bootstrap/main.tf", "  enabled = true", "  encrypted = true", "encrypted"),
    ],
)
def test_its_own_check_finds_mistakes(
    file: str, right: str, wrong: str, said: str, terraform: Terraform, repositories: dict[str, Path], tmp_path: Path
) -> None:
    made = shutil.copytree(repositories["least"], tmp_path / "made")
    stack = made / file.partition("/")[0]
    text = (made / file).read_text(encoding="utf-8")
    (made / file).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    terraform.prepare(stack)

    done = terraform.attempt(["terraform", "validate", "-no-color"], stack)

    assert right in text
    assert (done.returncode, said in done.stdout + done.stderr) == (1, True)


@pytest.mark.extended
def test_terraform_accepts_every_combination_of_answers(terraform: Terraform, tmp_path: Path) -> None:
    skeleton = CompiledSkeleton(read_skeleton(SKELETONS, "eks-cluster", directory="eks-cluster"))
    seen: set[tuple[str, tuple[bytes, ...]]] = set()
    combinations = list(itertools.product(*CHOICES.values()))

    for number, combination in enumerate(combinations):
        answers = dict(zip(CHOICES, combination, strict=True))
        tree, _ = bake_in_memory(skeleton, {"owner": "platform", **answers})
        write_tree(tree, tmp_path / str(number))
        made = tmp_path / str(number) / tree.root
        for stack in STACKS:
            files = sorted(path for path in (made / stack).rglob("*") if path.is_file())
            content = (stack, tuple(path.name.encode() + path.read_bytes() for path in files))
            if content in seen:
                continue
            seen.add(content)
            terraform.prepare(made / stack)
            for command in (["fmt", "-check", "-diff", "-recursive"], ["validate"], ["test"]):
                terraform.run(["terraform", *command], made / stack)

    assert len(combinations) == 96
    assert len(seen) == 102


@pytest.mark.parametrize("case", CLUSTERS)
def test_each_environment_sets_what_its_cluster_needs(
    case: str, terraform: Terraform, repositories: dict[str, Path]
) -> None:
    made = repositories[case]
    declared = (made / "cluster" / "variables.tf").read_text(encoding="utf-8")
    variables = dict(re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', declared, re.MULTILINE | re.DOTALL))
    needed = {name for name, content in variables.items() if "  default " not in content} - LEFT_OUT

    files = sorted((made / "environments").glob("*.tfvars"))

    assert [file.stem for file in files] == sorted(CLUSTERS[case].get("environments", "dev-production").split("-"))
    for file in files:
        given = set(re.findall(r"^(\w+) +=", file.read_text(encoding="utf-8"), re.MULTILINE))
        assert needed <= given <= set(variables)
    terraform.run(["terraform", "fmt", "-check", "-diff", "environments"], made)


@pytest.mark.parametrize("case", CLUSTERS)
def test_its_buckets_have_names_that_s3_accepts(case: str, repositories: dict[str, Path]) -> None:
    script = (repositories[case] / "ci" / "terraform").read_text(encoding="utf-8")

    (bucket,) = re.findall(r"bucket=(.*)-\$environment-tfstate", script)

    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,38}[a-z0-9]", bucket)


@pytest.mark.parametrize("case", ["least", "gitlab", *REST])
def test_its_other_files_are_right(case: str, repositories: dict[str, Path], tmp_path: Path) -> None:
    made, linters = repositories[case], venv(LOCKS / "requirements-linters.txt") / "bin"
    run([linters / "check-jsonschema", "--builtin-schema", "vendor.renovate", "renovate.json"], made)
    if (made / ".gitlab-ci.yml").exists():
        schema = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
        run([linters / "check-jsonschema", *schema, ".gitlab-ci.yml"], made)
    else:
        workflows = [f".github/workflows/{name}.yml" for name in ("plan", "apply", "drift")]
        run([linters / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows], made)
        run([linters / "actionlint", *workflows], made)
        run([linters / "zizmor", "--offline", "--no-config", "."], made)

    run(
        [venv(LOCKS / "requirements-techdocs.txt") / "bin" / "mkdocs", "build", "--strict", "--site-dir", tmp_path],
        made,
    )


def test_each_cluster_is_a_resource_of_its_owner(repositories: dict[str, Path]) -> None:
    found = {case: entities(made) for case, made in repositories.items()}

    judged = judge([each for listed in found.values() for each in listed])

    assert judged == [None] * len(judged)
    for case, listed in found.items():
        environments = CLUSTERS[case].get("environments", "dev-production").split("-")
        name = CLUSTERS[case].get("name", "platform")
        assert [each["metadata"]["name"] for each in listed] == [name, *(f"{name}-{each}" for each in environments)]
        assert {each["spec"]["type"] for each in listed[1:]} == {"kubernetes-cluster"}


def test_argo_cd_begins_with_the_root_of_the_gitops_repository(repositories: dict[str, Path], tmp_path: Path) -> None:
    made = repositories["least"]
    apps = bake("gitops-repository", tmp_path, {"name": "platform-dev-apps", "owner": "platform"})

    root, ingress, storage = rendered(made)
    capability = rendered(repositories["capability"], "arn:aws:eks:eu-west-1:111122223333:cluster/shops-dev")

    assert root == yaml.safe_load((apps / "argocd" / "root.yaml").read_bytes())
    assert judge_custom_resources([root, capability[0]]) == [[], []]
    assert (storage["parameters"]["encrypted"], storage["provisioner"]) == ("true", "ebs.csi.eks.amazonaws.com")
    validate_kubernetes([ingress, storage, *capability[1:]])
    assert [each["kind"] for each in capability] == ["Application", "IngressClass", "Secret", "StorageClass"]
    assert [each["kind"] for each in rendered(repositories["managed"])] == ["Application", "StorageClass"]
    assert capability[2]["stringData"]["server"] == capability[0]["spec"]["destination"]["server"]
    release = (made / "argocd" / "main.tf").read_text(encoding="utf-8")
    chart = yaml.safe_load((apps / "platform" / "argocd" / "Chart.yaml").read_bytes())
    (dependency,) = chart["dependencies"]
    for line in (dependency["repository"], dependency["name"], dependency["version"]):
        assert f'= "{line}"' in release


@pytest.mark.parametrize("case", ["least", "managed", "capability"])
def test_day_1_makes_a_gitops_repository_fit_its_cluster(
    case: str, repositories: dict[str, Path], tmp_path: Path
) -> None:
    made = shutil.copytree(repositories[case], tmp_path / repositories[case].name)
    text = (made / "docs" / "day-1.md").read_text(encoding="utf-8")
    arn = "arn:aws:eks:eu-west-1:111122223333:cluster/shops-dev"
    record(
        tmp_path, f"case $* in *cluster_arn) echo {arn} ;; *load_balancer_values) echo 'a: {{vpcId: vpc-1}}' ;; esac"
    )
    (command,) = re.findall(r"^scenedock skeletons bake gitops-repository --output \. (.*)$", text, re.MULTILINE)
    answers = dict(pair.split("=", 1) for pair in command.split())
    (fitting,) = re.findall(r"Make it fit this cluster:\n\n```shell\n(.*?)```", text, re.DOTALL)

    apps = bake("gitops-repository", tmp_path, answers)
    run(["env", f"PATH={tmp_path}:/usr/bin:/bin", "sh", "-ec", fitting], apps)

    platform = yaml.safe_load((apps / "argocd" / "platform.yaml").read_bytes())
    listed = {each["name"] for each in platform["spec"]["generators"][0]["list"]["elements"]}
    assert listed == {folder.name for folder in (apps / "platform").iterdir()}
    balanced = apps / "platform" / "aws-load-balancer-controller" / "values.yaml"
    assert balanced.exists() == (case == "managed")
    if case == "managed":
        assert yaml.safe_load(balanced.read_bytes()) == {"a": {"vpcId": "vpc-1"}}
    if case == "capability":
        files = sorted((apps / "argocd").iterdir())
        applications = [each for file in files for each in yaml.safe_load_all(file.read_bytes())]
        assert [each["kind"] for each in applications] == ["ApplicationSet", "Application", "ApplicationSet"]
        assert judge_custom_resources(applications) == [[], [], []]
        written = "".join(file.read_text(encoding="utf-8") for file in files)
        assert "kubernetes.default.svc" not in written
        assert set(re.findall(r"project: (.*)", written)) == {"default"}


def record(folder: Path, answer: str = "true") -> Path:
    """A `terraform` in a folder that writes down how it was called, and the file in which it does."""
    program, calls = folder / "terraform", folder / "calls"
    program.write_text(f'#!/bin/sh\necho "$*" >> {calls}\n{answer}\n', encoding="utf-8")
    program.chmod(0o755)
    return calls


def test_what_is_applied_is_the_plan_of_that_environment(repositories: dict[str, Path], tmp_path: Path) -> None:
    made = repositories["least"]
    calls = record(tmp_path)
    path = f"PATH={tmp_path}:/usr/bin:/bin"

    for command in ("dev cluster plan -lock=false", "dev cluster show", "dev cluster apply", "dev argocd plan"):
        run(["env", path, "ci/terraform", *command.split()], made)
    unknown = attempt(["env", path, "ci/terraform", "test", "cluster", "plan"], made)

    initialised, done = calls.read_text(encoding="utf-8").splitlines()[::2], calls.read_text("utf-8").splitlines()[1::2]
    assert set(initialised) == {
        f"-chdir={stack} init -reconfigure -backend-config=bucket=acme-platform-dev-tfstate" for stack in STACKS[1:]
    }
    assert done == [
        "-chdir=cluster plan -var-file=../environments/dev.tfvars -out=dev.tfplan -lock=false",
        "-chdir=cluster show -no-color dev.tfplan",
        "-chdir=cluster apply dev.tfplan",
        "-chdir=argocd plan -out=dev.tfplan",
    ]
    assert (unknown.returncode, "environments/test.tfvars" in unknown.stderr) == (2, True)


def steps_of_day_1(made: Path) -> dict[str, str]:
    """The commands of each step, by its title."""
    page = (made / "docs" / "day-1.md").read_text(encoding="utf-8")
    _, *steps = re.split(r"^## \d\. ", page, flags=re.MULTILINE)
    return {
        step.partition("\n")[0]: "".join(re.findall(r"^```shell\n(.*?)^```", step, re.MULTILINE | re.DOTALL))
        for step in steps
    }


def called(made: Path, commands: str, folder: Path) -> list[str]:
    """What the commands call, in their order, each with what it was given to read."""
    calls = folder / "calls"
    for name in ("gh", "glab", "git", "aws", "ci/bootstrap", "ci/terraform"):
        program = made / name if "/" in name else folder / name
        reads = 'case "$*" in *"--input -"*) read=" $(cat)" ;; *) read= ;; esac\n'
        answer = "echo 7" if name in ("gh", "ci/terraform") else "true"
        program.write_text(
            f'#!/bin/sh\n{reads}echo "{name} $*$read" | tr -s "\\n " "  " >> {calls}\necho >> {calls}\n{answer}\n'
        )
        program.chmod(0o755)
    run(["env", f"PATH={folder}:/usr/bin:/bin", "sh", "-euc", commands], made)
    return calls.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("case", CLUSTERS)
def test_day_1_protects_before_anything_has_rights(case: str, repositories: dict[str, Path], tmp_path: Path) -> None:
    made = shutil.copytree(repositories[case], tmp_path / "made")
    steps = steps_of_day_1(made)
    environments = CLUSTERS[case].get("environments", "dev-production").split("-")
    _, protect, prepare, start, *_ = steps

    calls = called(made, steps[protect] + steps[prepare] + steps[start].partition("\n")[0], tmp_path)

    assert (protect, prepare) == ("Push and protect this repository", "Prepare the account")
    roles = calls.index(f"ci/bootstrap {environments[0]} ")
    before, after = calls[:roles], calls[roles + 1 :]
    branch, *others = [json.loads(call[call.index("{") :]) for call in before if "{" in call]
    assert len(others) == len(environments)
    if case == "gitlab":
        assert (branch["push_access_level"], branch["code_owner_approval_required"]) == (0, True)
        assert [each["name"] for each in others] == environments
        assert {level["access_level"] for each in others for level in each["deploy_access_levels"]} == {40}
        assert after[-1] == "glab ci run --repo acme/shops/clusters --branch main "
    else:
        assert branch["enforce_admins"]
        assert branch["required_pull_request_reviews"]["require_code_owner_reviews"]
        for environment, each in zip(environments, others, strict=True):
            assert each["reviewers"] == [{"type": "Team", "id": 7}]
            assert each["deployment_branch_policy"] == {"protected_branches": False, "custom_branch_policies": True}
            assert any(f"environments/{environment}/deployment-branch-policies -f name=main" in call for call in before)
        assert after[-1].startswith("gh workflow run apply ")
    (number,) = [index for index, call in enumerate(calls) if "AWS_ACCOUNT_" in call]
    assert roles < number == len(calls) - 2


@pytest.mark.extended
@pytest.mark.parametrize("case", CLUSTERS)
def test_checkov_finds_nothing_but_what_is_accepted(case: str, repositories: dict[str, Path]) -> None:
    made = repositories[case]

    assert failed_checks(made, "terraform") <= set(ACCEPTED)
    assert failed_checks(made, "gitlab_ci" if case == "gitlab" else "github_actions") == set()
