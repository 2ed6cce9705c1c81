"""Our engine bakes the shipped skeletons as cookiecutter does, and refuses answers that would make a wrong result."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scenedock.effects.bakes.baked_trees import write_tree
from scenedock.effects.skeletons.folders import read_skeleton
from scenedock.skeletons.problems import AnswersError
from scenedock.skeletons.rendering.bake import bake as bake_in_memory
from scenedock.skeletons.rendering.compiled import CompiledSkeleton
from scenedock.skeletons.rendering.output import BakedTree
from tests.skeletons.shipped.answers import CLUSTERS, DEPLOYMENTS, GITOPS, LIBRARY, MICROSERVICES, RUNBOOKS
from tests.skeletons.shipped.world import SKELETONS, bake

NAMES = ("deployment", "eks-cluster", "gitops-repository", "library-chart", "microservice-python", "migration-runbook")
COMPILED = {name: CompiledSkeleton(read_skeleton(SKELETONS, name, directory=name)) for name in NAMES}
LEAST = {
    "deployment": {"service": "billing", "owner": "group:default/payments"},
    "eks-cluster": {"owner": "group:default/platform"},
    "gitops-repository": {"owner": "group:default/platform"},
    "library-chart": {},
    "microservice-python": {"name": "billing", "owner": "group:default/payments"},
    "migration-runbook": {"name": "shop", "owner": "group:default/shop"},
}
CASES = [
    *(("deployment", LEAST["deployment"] | {"service": name} | answers) for name, answers in DEPLOYMENTS.items()),
    *(("eks-cluster", answers) for answers in CLUSTERS.values()),
    *(("gitops-repository", LEAST["gitops-repository"] | answers) for answers in GITOPS.values()),
    ("library-chart", LIBRARY),
    *(("microservice-python", LEAST["microservice-python"] | answers) for answers in MICROSERVICES.values()),
    *(("migration-runbook", answers) for answers in RUNBOOKS.values()),
]

# What YAML calls printable, in one line.
descriptions = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufeff\ufffe\uffff"), max_size=200
)


def baked(skeleton: str, answers: Mapping[str, Any]) -> BakedTree:
    tree, _ = bake_in_memory(COMPILED[skeleton], {**LEAST[skeleton], **answers})
    return tree


def text(tree: BakedTree, path: str) -> str:
    (found,) = (file for file in tree.files if file.path == f"{tree.root}/{path}")
    return found.content.decode()


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    """The bytes and the mode of every file."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mode)
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(("skeleton", "answers"), CASES)
def test_our_engine_and_cookiecutter_make_the_same(skeleton: str, answers: dict[str, str], tmp_path: Path) -> None:
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    theirs.mkdir()

    made = bake(skeleton, theirs, answers)
    write_tree(baked(skeleton, answers), ours)

    assert files(ours) == files(theirs)
    assert (ours / made.name).is_dir()


@given(descriptions)
def test_any_line_of_text_is_a_description(description: str) -> None:
    deployment = baked("deployment", {"description": description})
    library = baked("library-chart", {"description": description})
    service = baked("microservice-python", {"description": description})

    assert yaml.safe_load(text(deployment, "Chart.yaml"))["description"] == description
    assert yaml.safe_load(text(library, "Chart.yaml"))["description"] == description
    for entity in yaml.safe_load_all(text(service, "catalog-info.yaml")):
        assert entity["metadata"]["description"] == description
    assert json.loads(text(service, "openapi.json"))["info"]["description"] == description
    assert yaml.safe_load(text(service, "mkdocs.yml"))["site_description"] == description
    tomllib.loads(text(service, "pyproject.toml"))


@pytest.mark.parametrize(
    ("skeleton", "answers"),
    [
        ("deployment", {"service": "Billing"}),
        ("deployment", {"service": "1st"}),
        ("deployment", {"service": "billing-"}),
        ("deployment", {"service": "b" * 51}),
        ("deployment", {"description": "one\ntwo"}),
        ("deployment", {"owner": "the payments team"}),
        ("deployment", {"system": "shop: x"}),
        ("deployment", {"api": "a b"}),
        ("deployment", {"source_repository": "git@example.com:acme/billing"}),
        ("deployment", {"image": "registry.example.com/acme/billing:1.0.0"}),
        ("deployment", {"image": "Registry/Billing"}),
        ("deployment", {"version": "latest"}),
        ("deployment", {"version": "1.0"}),
        ("deployment", {"version": "1.0.0+build"}),
        ("deployment", {"port": "http"}),
        ("deployment", {"ingress_domain": "https://example.com"}),
        ("deployment", {"library": "../workload"}),
        ("deployment", {"library_registry": "https://example.com"}),
        ("deployment", {"library_version": "*"}),
        ("deployment", {"layout": "other"}),
        ("deployment", {"library_registry": "oci://registry.example.com/a/../b"}),
        ("eks-cluster", {"name": "n" * 21}),
        ("eks-cluster", {"organisation": "a/../b"}),
        ("eks-cluster", {"organisation": "a..//"}),
        ("eks-cluster", {"organisation": "a/"}),
        ("eks-cluster", {"host": "git.acme.com:8443"}),
        ("eks-cluster", {"host": "git..acme.com"}),
        ("eks-cluster", {"region": "eu-central-1a"}),
        ("eks-cluster", {"state_bucket": "Acme"}),
        ("eks-cluster", {"environments": "staging"}),
        ("gitops-repository", {"name": "hello"}),
        ("gitops-repository", {"organisation": "acme inc"}),
        ("gitops-repository", {"service": "s" * 41}),
        ("gitops-repository", {"scenedock": "scenedock; rm"}),
        ("gitops-repository", {"staging": "later"}),
        ("gitops-repository", {"library_registry": "registry.example.com/charts"}),
        ("gitops-repository", {"library_registry": "oci://.."}),
        ("gitops-repository", {"library_registry": "oci://-x"}),
        ("gitops-repository", {"library_registry": "oci://registry.example.com:99999"}),
        ("gitops-repository", {"library_registry": "oci://registry.example.com/a//b"}),
        ("gitops-repository", {"image": "registry.example.com:99999/hello"}),
        ("gitops-repository", {"host": "git.example.com:0"}),
        ("library-chart", {"name": "a/b"}),
        ("library-chart", {"version": "v1.0.0"}),
        ("microservice-python", {"name": "order_desk"}),
        ("microservice-python", {"organisation": "acme inc"}),
        ("microservice-python", {"code_owners": "@acme/a\n* @acme/b"}),
        ("microservice-python", {"component": "chart"}),
        ("microservice-python", {"ci": "jenkins"}),
        ("microservice-python", {"python_version": "2.7"}),
        ("migration-runbook", {"hostname": "https://shop.example.com"}),
        ("migration-runbook", {"ttl": "5"}),
        ("migration-runbook", {"organisation": "acme/../b"}),
        ("migration-runbook", {"port": "http"}),
        ("migration-runbook", {"port": "65536"}),
        ("migration-runbook", {"health_path": "/a'b"}),
        ("migration-runbook", {"runtime_version": "a|b"}),
        ("migration-runbook", {"database": "dbase"}),
        ("migration-runbook", {"evidence": "a line"}),
        ("microservice-python", {"database": "mysql"}),
        ("microservice-python", {"deploy_to": "Dev"}),
        ("microservice-python", {"license": "GPL"}),
    ],
)
def test_an_answer_that_would_make_a_wrong_result_is_refused_by_name(skeleton: str, answers: dict[str, str]) -> None:
    (name,) = answers

    with pytest.raises(AnswersError, match=rf"(?m)^  {name}: "):
        baked(skeleton, answers)


@pytest.mark.parametrize(
    ("skeleton", "name"),
    [
        ("deployment", "owner"),
        ("eks-cluster", "owner"),
        ("gitops-repository", "owner"),
        ("microservice-python", "name"),
        ("migration-runbook", "name"),
    ],
)
def test_nobody_bakes_without_a_name_and_an_owner(skeleton: str, name: str) -> None:
    answers = {key: value for key, value in LEAST[skeleton].items() if key != name}

    with pytest.raises(AnswersError, match=f"{name}: this question requires an answer"):
        bake_in_memory(COMPILED[skeleton], answers)


@pytest.mark.parametrize("organisation", ["acme", "a.b/C_d/_e-", "A-company_whose-name.is-longer"])
@pytest.mark.parametrize("skeleton", ["eks-cluster", "gitops-repository", "microservice-python", "migration-runbook"])
def test_the_names_of_organisations_and_groups_are_accepted(skeleton: str, organisation: str) -> None:
    assert baked(skeleton, {"organisation": organisation, "ci": "gitlab"}).files


@pytest.mark.parametrize("port", ["1", "443", "9999", "10000", "64999", "65499", "65535"])
def test_every_port_is_accepted(port: str) -> None:
    answers = {"host": f"git.example.com:{port}", "library_registry": f"oci://registry.example.com:{port}/a_b/c"}

    assert baked("gitops-repository", answers).files
    assert f"`{port}`" in text(baked("migration-runbook", {"port": port}), "docs/index.md")
