"""Checkov reads what the chart of the service renders; what it finds there is repaired, or accepted with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.test_chart import IMAGE, SCALED, package
from tests.skeletons.shipped.checkov import failed_checks
from tests.tools.helm import run_helm

__all__ = ["package"]

ACCEPTED: dict[str, str] = {}


@pytest.mark.extended
@pytest.mark.parametrize("options", [("--set", IMAGE), ("--values", SCALED)], ids=["embedded", "scaled"])
def test_checkov_finds_nothing_but_what_is_accepted(
    package: Path, options: tuple[str | Path, ...], tmp_path: Path
) -> None:
    text = run_helm("4", "template", "scenedock", package, "--namespace", "tools", *options)
    (tmp_path / "manifests.yaml").write_text(text, encoding="utf-8")

    assert failed_checks(tmp_path, "kubernetes") == set(ACCEPTED)
