"""Checkov reads what the chart of the service renders; what it finds there is repaired, or accepted with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.test_chart import IMAGE, SCALED, package
from tests.skeletons.shipped.checkov import failed_checks
from tests.tools.helm import run_helm

__all__ = ["package"]

ACCEPTED = {
    "CKV_K8S_11": "CPU limits slow a service down while processors are idle; requests share them",
    "CKV_K8S_15": "a version never moves, so the image that a node has is the right one",
    "CKV_K8S_43": "the value `image.digest` adds a digest to the version",
}
WITH_SCALED = {
    "CKV_K8S_35": "secret settings are environment variables; who may read those of a pod may read its files, too",
    "CKV2_K8S_6": "of the pod that migrates the database: it listens on no port, and ends",
}


@pytest.mark.extended
@pytest.mark.parametrize(
    ("options", "accepted"),
    [(("--set", IMAGE), ACCEPTED), (("--values", SCALED), ACCEPTED | WITH_SCALED)],
    ids=["embedded", "scaled"],
)
def test_checkov_finds_nothing_but_what_is_accepted(
    package: Path, options: tuple[str | Path, ...], accepted: dict[str, str], tmp_path: Path
) -> None:
    text = run_helm("4", "template", "scenedock", package, "--namespace", "tools", *options)
    (tmp_path / "manifests.yaml").write_text(text, encoding="utf-8")

    assert failed_checks(tmp_path, "kubernetes") == set(accepted)
