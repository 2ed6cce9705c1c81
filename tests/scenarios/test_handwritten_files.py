"""What is wrong with a hand-written catalog-info.yaml: export, check and validate say the same of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scenedock.catalog.reading.entity_files import read_entities
from tests.scenarios.repositories import COMMAND, ENVIRONMENT, clone, export

CHART = "apiVersion: v2\nname: {}\nversion: 1.0.0\n"
HEAD = "apiVersion: backstage.io/v1alpha1\nkind: {}\nmetadata:\n  name: {}\n"
COMPONENT = f"{HEAD.format('Component', 'a')}spec:\n  type: service\n  lifecycle: production\n  owner: payments\n"


def repository(root: Path, written: str, **beside: str) -> Path:
    """One folder `a` with a chart and a hand-written file, and files beside it by their names without `.yaml`."""
    files = {f"a/{name}.yaml": text for name, text in beside.items()}
    return clone(root, files={"a/Chart.yaml": CHART.format("a"), "a/catalog-info.yaml": written, **files})


def scenedock(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "catalog", *arguments], capture_output=True, check=False, text=True, env=ENVIRONMENT, cwd=cwd
    )


@pytest.mark.parametrize(
    ("written", "line", "said"),
    [
        (f"{COMPONENT}  dependsOn: [billing]\n", 9, "spec.dependsOn[0]: 'billing' must name its kind"),
        (COMPONENT.replace("payments", '"group:default/"'), 8, "spec.owner: 'group:default/' is not a reference"),
        (f"{COMPONENT}  system: 'shop/'\n", 9, "spec.system: 'shop/' is not a reference"),
    ],
)
def test_a_reference_that_backstage_cannot_read_is_an_error_at_its_line_and_costs_no_entity(
    tmp_path: Path, written: str, line: int, said: str
) -> None:
    root, output = repository(tmp_path / "apps", written), tmp_path / "catalog.yaml"

    exported = export(root, "--output", output)
    checked = scenedock("check", root)
    validated = scenedock("validate", "a/catalog-info.yaml", cwd=root)

    assert [done.returncode for done in (exported, checked, validated)] == [1, 1, 1]
    for done in (exported, checked):
        assert f"error: apps:a/catalog-info.yaml:{line}: {said}" in done.stdout
    assert f"a/catalog-info.yaml:{line}: error: {said}" in validated.stdout
    (component,) = read_entities(output.read_bytes(), label="output")
    assert (component.name, component.spec["type"]) == ("a", "service")
    assert (component.spec.get("dependsOn", []), component.spec.get("system")) == ([], None)
