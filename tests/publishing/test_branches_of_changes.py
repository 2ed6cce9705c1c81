"""Different deployments never have the same branch, and no branch is a folder of another."""

from __future__ import annotations

from scenedock.usecases.publishing.branch_names import branch_of

PAIRS = [
    ("apps", "billing", "dev"),
    ("apps", "billing", "default"),
    ("apps", "billing", None),
    ("apps", "a.b", "dev"),
    ("apps", "a_b", "dev"),
    ("apps", "-a", "dev"),
    ("apps", "_a", "dev"),
    ("apps", "x", "eu.west"),
    ("apps", "x", "eu_west"),
]


def test_each_deployment_and_each_folder_has_a_branch_of_its_own() -> None:
    branches = {branch_of([pair], folder) for pair in PAIRS for folder in ("", "teams/a", "teams/b")}

    assert len(branches) == 3 * len(PAIRS)
    assert branch_of([("apps", "billing", "dev")]) == "scenedock/deploy/billing/dev"
    assert branch_of(PAIRS, "teams/a") != branch_of(PAIRS, "teams/b")
