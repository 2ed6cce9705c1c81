"""What people type to see deployments, and what they are told where there are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scenedock.doors.cli import main
from tests.scenarios.repositories import plant

FILES = {
    f"{name}/{file}": text
    for name, production in (("billing", "1.0.0"), ("cart", "2.0.0"))
    for file, text in {
        "Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n",
        "values-qa.yaml": f"nested: {{image: {{repository: acme/{name}, tag: 2.0.0}}}}\n",
        "values-production.yaml": f"nested: {{image: {{repository: acme/{name}, tag: {production}}}}}\n",
    }.items()
}


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    return plant(tmp_path / "apps", FILES)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


def test_a_wide_list_is_narrowed_to_environments_and_to_who_is_behind(apps: Path) -> None:
    narrow = run("deployments", "list", apps, "--environment", "production", "--behind")
    assert [line.split() for line in narrow.stdout.splitlines()[:2]] == [
        ["SERVICE", "production"],
        ["billing", "1.0.0", "(behind)"],
    ]
    assert "1 deployment: 1 with a version" in narrow.stdout
    both = run("deployments", "list", apps, "--environment", "qa", "--environment", "production", "--format", "json")
    assert len(json.loads(both.stdout)) == 4


def test_an_environment_that_nothing_has_is_told_with_those_that_are_there(apps: Path) -> None:
    wrong = run("deployments", "list", apps, "--environment", "nope")
    assert (wrong.exit_code, "nothing is deployed in 'nope'; environments are: qa, production" in wrong.stderr) == (
        2,
        True,
    )
    assert "did you mean production?" in run("deployments", "list", apps, "--environment", "prodction").stderr


def test_a_shape_for_people_is_no_markup(apps: Path) -> None:
    assert "billing/values-qa.yaml:1: *.image.tag of acme/billing" in run("deployments", "show", "billing", apps).stdout


def test_an_empty_folder_and_a_folder_of_repositories_are_told(apps: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    empty = run("deployments", "list", tmp_path / "empty")
    assert (empty.exit_code, f"{tmp_path / 'empty'} deploys nothing that Scenedock knows of" in empty.stderr) == (
        0,
        True,
    )

    for name in ("one", "two"):
        (plant(tmp_path / "all" / name, FILES) / ".git").mkdir()
    several = run("deployments", "list", tmp_path / "all")
    assert f"2 are in it; pass them: {tmp_path / 'all' / 'one'} {tmp_path / 'all' / 'two'}" in several.stderr
    assert run("deployments", "list", apps).stderr == ""


def test_a_service_that_is_not_there_is_told_with_those_that_are(apps: Path) -> None:
    unknown = run("catalog", "explain", "nothing-like-it", apps)
    assert (
        "there is no service 'nothing-like-it'; services are: billing, cart (`scenedock catalog export`"
        in unknown.stderr
    )
    assert "did you mean billing?" in run("catalog", "explain", "biling", apps).stderr
    promote = ("deployments", "promote", "--from", "qa", "--to", "production")
    assert "did you mean cart?" in run(*promote, "catr", apps).stderr
    assert "; services are: billing, cart\n" in run(*promote, "nothing-like-it", apps).stderr
