"""Checkov, which knows what is better done otherwise in manifests, pipelines and Terraform."""

from __future__ import annotations

import json
from pathlib import Path

from tests.skeletons.shipped.world import LOCKS, run
from tests.tools.venv import venv


def failed_checks(folder: Path, framework: str) -> set[str]:
    """What checkov finds in a folder: the names of the checks."""
    program = venv(LOCKS / "requirements-checkov.txt") / "bin" / "checkov"
    options = ["--skip-download", "--quiet", "--soft-fail", "--output", "json", "--framework", framework]
    report = json.loads(run([program, "--directory", folder, *options], folder))
    assert report["summary"]["passed"] > 0
    return {check["check_id"] for check in report["results"]["failed_checks"]}
