"""What a roll-back restores besides the version, and what refuses it as it refuses a promotion."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.tools.commits import commit

REPOSITORY = "https://charts.acme.test"


def run(root: Path, *arguments: str, code: int = 0) -> Any:
    asked = ["deployments", "roll-back", "--service", "billing", str(root), *arguments, "--format", "json"]
    done = CliRunner().invoke(main, asked, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def wrapped(version: str, other: str = "2.0.0", locked: str = "") -> dict[str, str]:
    """A chart that only wraps others, with a Chart.lock as Helm writes it."""
    lists = [
        [
            {"name": name, "version": number, "repository": REPOSITORY}
            for name, number in (("billing", of_billing), ("helpers", of_helpers))
        ]
        for of_billing, of_helpers in ((version, "~2.0"), (locked or version, other))
    ]
    digest = hashlib.sha256(json.dumps(lists, separators=(",", ":")).encode()).hexdigest()
    chart = f"apiVersion: v2\nname: billing\nversion: 0.1.0\ndependencies: {json.dumps(lists[0])}\n"
    lock = f"dependencies: {json.dumps(lists[1])}\ndigest: sha256:{digest}\ngenerated: '2026-01-01T00:00:00Z'\n"
    return {"billing/Chart.yaml": chart, "billing/Chart.lock": lock, "billing/values.yaml": "a: 1\n"}


def test_the_lock_of_a_chart_goes_back_with_the_version(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    for hour, version in enumerate(("17.0.1", "17.1.0"), 1):
        commit(root, hour, wrapped(version))
    found = run(root)
    assert (found["refusals"], found["changes"][0]["new"]) == ([], "17.0.1")
    assert [each["path"] for each in found["files"]] == ["billing/Chart.lock", "billing/Chart.yaml"]
    run(root, "--write")
    for path, text in wrapped("17.0.1").items():
        assert (root / path).read_text() == text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (wrapped("17.0.1"), wrapped("17.1.0", other="2.0.1")),
        ({**wrapped("17.0.1"), "billing/Chart.lock": wrapped("16.0.0")["billing/Chart.lock"]}, wrapped("17.1.0")),
    ],
    ids=["another chart has moved on", "it fitted nothing then"],
)
def test_a_lock_that_does_not_fit_refuses_it(tmp_path: Path, old: dict[str, str], new: dict[str, str]) -> None:
    root = tmp_path / "apps"
    commit(root, 1, old)
    commit(root, 2, new)
    (refusal,) = run(root, code=1)["refusals"]
    assert refusal["code"] == "stale-chart-lock"
    found = run(root, "--stale-chart-lock")
    assert [each["path"] for each in found["files"]] == ["billing/Chart.yaml"]


def test_a_line_that_an_automation_writes_is_left_to_it(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    for hour, tag in enumerate(("1.0.0", "1.1.0"), 1):
        chart = "apiVersion: v2\nname: billing\nversion: 1.0.0\n"
        values = f'image:\n  repository: acme/billing\n  tag: {tag} # {{"$imagepolicy": "flux-system:billing:tag"}}\n'
        commit(root, hour, {"billing/Chart.yaml": chart, "billing/values.yaml": values})
    (refusal,) = run(root, code=1)["refusals"]
    assert (refusal["code"], "flux-system:billing:tag" in refusal["message"]) == ("automated-line", True)
    assert run(root, "--automated-line")["changes"][0]["new"] == "1.0.0"
