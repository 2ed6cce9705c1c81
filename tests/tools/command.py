"""`scenedock` again and again: each call is a process of its own, forked from one that has imported what it needs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from tests.tools.forks import Forks

_MODULES = (
    "can_ada",
    "jsonschema_rs",
    "scenedock.actions.catalog.findings",
    "scenedock.catalog.reading.layouts.argocd",
    "scenedock.catalog.reading.layouts.fleet",
    "scenedock.catalog.reading.layouts.flux",
    "scenedock.catalog.reading.layouts.helmfile",
    "scenedock.catalog.reading.layouts.kustomize",
    "scenedock.doors.cli.actions",
    "scenedock.doors.cli.export",
    "scenedock.doors.http.serving",
    "scenedock.runtime.named_files",
    "scenedock.runtime.service_wiring",
    "scenedock.usecases.catalog.publish_catalog",
)
"""What most calls import, beside what belongs to click: else each call does, for up to a second."""
_FEW = ("scenedock.doors.cli.export", "scenedock.usecases.catalog.publish_catalog")


def run_scenedock(
    arguments: Sequence[str], environment: Mapping[str, str], cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """What the command has printed, with exactly this environment."""
    # To fork from less takes half as long, where a call needs no more.
    few = arguments[:2] in (["catalog", "export"], ["catalog", "check"]) and "--report" not in arguments
    return _forks(_FEW if few else _MODULES).run(arguments, environment, cwd)


@cache
def _forks(modules: Sequence[str]) -> Forks:
    return Forks("scenedock.doors.cli:main", {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}, modules=modules)
