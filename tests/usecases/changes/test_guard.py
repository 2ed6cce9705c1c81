"""A change of any files is refused unless it can be shown that guarded environments deploy the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from scenedock.changes.guarded import GuardedChange
from scenedock.effects.git.repositories import RepositoryFolder
from scenedock.errors import NotAllowedError, TemporaryError
from scenedock.gitops.changes import ChangedFile, Intended
from scenedock.model.approvals import ApprovalRule, ApprovalRules, Approvers
from scenedock.model.code_hosts.commit import FileChange, Head, RepositoryFile
from scenedock.usecases.changes.guarding.guard import ChangeAt, guarded_by
from scenedock.usecases.changes.guarding.newest import newest_files
from scenedock.usecases.changes.homes import Home
from tests.publishing.deploying import FILES

RULES = ApprovalRules(
    (ApprovalRule(frozenset({"set-version"}), frozenset({"production"}), Approvers(users=frozenset({"user:a/b"}))),)
)
PRODUCTION = "billing/values-production.yaml"
APPLICATION = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: billing-production, namespace: argocd}
spec:
  source:
    repoURL: https://github.com/acme/gitops.git
    targetRevision: main
    path: billing
    helm: {ignoreMissingValueFiles: true, valueFiles: [values.yaml, values-production.yaml]}
  destination: {server: https://kubernetes.default.svc, namespace: billing-production}
"""
SETTINGS = FILES["scenedock.yaml"]
TWO = {
    "billing/values.yaml": "web: {image: {repository: acme/billing-a}}\njob: {image: {repository: acme/billing-b}}\n",
    PRODUCTION: "web: {image: {tag: 1.1.0}}\njob: {image: {tag: 2.1.0}}\n",
}


def found(
    root: Path, after: dict[str, str | None], more: dict[str, str] | None = None, *, link: bool = False
) -> list[GuardedChange]:
    folder, other = root / "gitops", root / "other"
    other.mkdir(exist_ok=True)
    files = {**FILES, "argocd/billing.yaml": APPLICATION, **(more or {})}
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")

    def as_bytes(text: str | None) -> bytes | None:
        return None if text is None else text.encode()

    changed = [ChangedFile(path, as_bytes(files.get(path)), as_bytes(text), link) for path, text in after.items()]
    change = ChangeAt(Home("gitops", ("https://github.com/acme/gitops",)), {}, changed)
    served = {"gitops": RepositoryFolder(folder), "other": RepositoryFolder(other)}
    return [
        each
        for each in guarded_by(served, None, [change], RULES)
        if any(RULES.rules_for(action, [each.environment]) for action in each.actions)
    ]


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        (PRODUCTION, "image: {tag: 1.3.0, repository: evil/miner}\n", "image.repository: acme/billing → evil/miner"),
        (PRODUCTION, "image: {tag: 1.3.0, digest: 'sha256:aa'}\n", "image.digest: nothing → sha256:aa"),
        (PRODUCTION, "image: {tag: 1.3.0}\nextra: evil/miner:1\n", "extra: nothing → evil/miner:1"),
        (PRODUCTION, "image: {tag: 1.3.0}\n---\nimage: {tag: 9}\n", "values-production.yaml is changed"),
        ("billing/templates/deployment.yaml", "image: evil/miner:1\n", "templates/deployment.yaml is changed"),
        ("billing/templates/more.tpl", "image: evil/miner:1\n", "templates/more.tpl is changed"),
        ("billing/charts/x/templates/a.yaml", "image: evil/miner:1\n", "charts/x/templates/a.yaml is changed"),
        (
            "argocd/billing.yaml",
            APPLICATION.replace("acme/gitops.git", "evil/gitops.git"),
            "Application argocd/billing-production is changed",
        ),
        ("scenedock.yaml", f"{SETTINGS}branch: other\n", "`branch` in scenedock.yaml would change"),
        ("scenedock.yaml", f"{SETTINGS}repository: https://github.com/a/b\n", "`repository` in scenedock.yaml"),
        ("scenedock.yaml", SETTINGS + "versions: {file: 'versions/{service}'}\n", "`versions` in scenedock.yaml"),
    ],
)
def test_what_cannot_be_shown_to_deploy_the_same_is_by_hand(tmp_path: Path, path: str, text: str, said: str) -> None:
    changes = found(tmp_path, {path: text})
    assert {each.environment for each in changes} == {"production"}
    assert [each for each in changes if each.by_hand and said in each.what]


def test_what_deploys_the_same_is_free(tmp_path: Path) -> None:
    moved: dict[str, str | None] = {path: None for path in FILES if path.startswith("billing/")}
    moved |= {f"apps/{path}": text for path, text in FILES.items() if path.startswith("billing/")}
    assert found(tmp_path, {**moved, "argocd/billing.yaml": APPLICATION}, {"argocd/billing.yaml": ""}) == []
    harmless = {
        PRODUCTION: "# more of it\nimage:\n  tag: 1.3.0\nreplicas: 2\n",
        "billing/values-dev.yaml": "image: {tag: 1.9.0}\n",
        "billing/values-staging.yaml": "image: {tag: 1.9.0}\n",
        "billing/README.md": "Pays.\n",
        "billing/Chart.yaml": f"{FILES['billing/Chart.yaml']}description: Pays\n",
        "argocd/billing.yaml": f"# ours\n{APPLICATION}---\n{APPLICATION.replace('billing-', 'shop-')}",
        "scenedock.yaml": f"{SETTINGS}owner: group:default/pay\n",
        **{path.replace("billing", "shop"): text for path, text in FILES.items() if path.startswith("billing/")},
    }
    assert found(tmp_path, dict(harmless)) == []


def test_where_the_version_is_unknown_any_file_that_is_read_counts(tmp_path: Path) -> None:
    (change,) = found(tmp_path, {PRODUCTION: f"{TWO[PRODUCTION]}replicas: 2\n"}, TWO)
    assert "values-production.yaml is changed" in change.what
    (change,) = found(tmp_path, {PRODUCTION: TWO[PRODUCTION].replace("1.1.0", "9.9.9")}, TWO)
    assert "web.image.tag: 1.1.0 → 9.9.9" in change.what
    assert found(tmp_path, {"billing/values-dev.yaml": "web: {image: {tag: 9.9.9}}\n"}, TWO) == []


def test_files_that_a_kustomization_takes_count_and_not_those_of_others(tmp_path: Path) -> None:
    deployment = """apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec: {template: {spec: {containers: [{name: shop, image: "acme/shop:1.0.0"}]}}}
"""
    overlay = "resources: [../../base]\nimages: [{name: acme/shop, newTag: 1.3.0}]\n"
    shop = {
        "shop/base/kustomization.yaml": "resources: [deployment.yaml]\n",
        "shop/base/deployment.yaml": deployment,
        **{f"shop/overlays/{each}/kustomization.yaml": overlay for each in ("dev", "production")},
    }
    dev = {"shop/overlays/dev/kustomization.yaml": overlay.replace("1.3.0", "1.4.0")}
    assert found(tmp_path, dict(dev), shop) == []
    (change,) = found(tmp_path, {"shop/base/deployment.yaml": f"{deployment}---\n{deployment}"}, shop)
    assert "shop/production would deploy the same (base/deployment.yaml is changed)" in change.what


def test_links_and_repositories_that_cannot_be_read_are_by_hand(tmp_path: Path) -> None:
    (change,) = found(tmp_path, {"billing/local.yaml": "values-dev.yaml"}, link=True)
    assert "billing/local.yaml is a symbolic link" in change.what
    with pytest.raises(NotAllowedError, match="what approvals guard in gitops can't be told"):
        found(tmp_path, {PRODUCTION: "image: {tag: 9.9.9}\n"}, {"scenedock.yaml": "no: [\n"})


def test_the_newest_commit_counts_where_the_service_has_not_followed(tmp_path: Path) -> None:
    there = {"a.yaml": b"a: 1\n", "new/b.yaml": b"b: 1\n", "c.yaml": b"c: 2\n"}
    for path, content in {"a.yaml": b"a: 1\r\n", "c.yaml": b"c: 1\n", "gone.yaml": b"d: 1\n"}.items():
        (tmp_path / path).write_bytes(content)

    def blob(content: bytes) -> str:
        return hashlib.new("sha1", b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324 - as git names its objects

    listing = {f"x/{path}": RepositoryFile("100644", blob(content)) for path, content in there.items()}
    intended = Intended("main", Head("abc", ""), listing, lambda path: there[path.removeprefix("x/")], ())
    newest = newest_files(RepositoryFolder(tmp_path), "x", intended)
    assert newest == {"new/b.yaml": b"b: 1\n", "c.yaml": b"c: 2\n", "gone.yaml": None}
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    with pytest.raises(TemporaryError, match=r"link.yaml is a link in only one of both"):
        newest_files(RepositoryFolder(tmp_path), "x", intended)


def test_a_renamed_link_is_a_link_on_both_sides() -> None:
    listing = {"old": RepositoryFile("120000", "1"), "file": RepositoryFile("100644", "2")}
    changes = [FileChange("new", renamed_from="old"), FileChange("file", b"x")]
    intended = Intended("main", Head("abc", ""), listing, lambda path: path.encode(), changes)
    assert intended.files() == (
        ChangedFile("new", None, b"old", link=True),
        ChangedFile("old", b"old", None, link=True),
        ChangedFile("file", b"file", b"x"),
    )
