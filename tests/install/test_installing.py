"""The wheel, installed as people do it: into nothing, with an empty home, and without a checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.install.packages import ROOT, build

EXAMPLE = ROOT / "examples" / "acme-apps"
SCENEDOCK = Path(sys.executable).with_name("scenedock")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    (made,) = build(ROOT, tmp_path_factory.mktemp("dist")).glob("*.whl")
    return made


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The versions that we have tested, as constraints: a new release of a library is not this test's business."""
    pins = re.findall(r"^\S+==\S+", (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8"), re.MULTILINE)
    file = tmp_path_factory.mktemp("versions") / "constraints.txt"
    file.write_text("\n".join(pins), encoding="utf-8")
    return file


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """Variables without those of the tests' own environment, and with an empty home."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "XDG_"))}
    return {**kept, "HOME": str(home), "PATH": os.defpath}


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    return shutil.copytree(EXAMPLE, tmp_path / "acme-apps")


def said(command: Sequence[str | Path], cwd: Path, surroundings: dict[str, str]) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=surroundings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_uvx_exports_a_catalog_without_installing_anything(
    wheel: Path, versions: Path, apps: Path, surroundings: dict[str, str], tmp_path: Path
) -> None:
    uv = [sys.executable, "-m", "uv", "tool", "run", "--quiet", "--no-config", "--system-certs"]
    own = {"UV_CACHE_DIR": _cache(), "UV_PYTHON": sys.executable, "PATH": os.environ["PATH"]}

    command: list[str | Path] = [*uv, "--constraints", versions, "--from", wheel, "scenedock", "catalog", "export", "."]
    there = said(command, apps, {**surroundings, **own})

    assert there == said([SCENEDOCK, "catalog", "export", "."], apps, dict(os.environ))
    assert "name: billing" in there
    assert [path for path in tmp_path.joinpath("home").rglob("*") if path.name.startswith("scenedock")] == []


@pytest.mark.extended
def test_pip_installs_it_into_an_empty_environment_and_it_exports_bakes_and_says_its_version(
    wheel: Path, versions: Path, apps: Path, surroundings: dict[str, str], tmp_path: Path
) -> None:
    python = tmp_path / "environment" / "bin" / "python"
    said([sys.executable, "-m", "venv", python.parents[1]], tmp_path, surroundings)
    said([python, "-m", "pip", "install", "--constraint", versions, f"{wheel}[kubernetes]"], tmp_path, surroundings)
    scenedock = python.with_name("scenedock")
    here = said([SCENEDOCK, "catalog", "export", "."], apps, dict(os.environ))

    said([python, "-m", "pip", "check"], tmp_path, surroundings)
    said([scenedock, "catalog", "export", ".", "--output", "catalog-info.yaml"], apps, surroundings)
    bake: list[str | Path] = [
        scenedock,
        "skeletons",
        "bake",
        "deployment",
        "--output",
        apps,
        "service=orders",
        "library=acme-service",
    ]
    said([*bake, "owner=group:default/storefront"], tmp_path, surroundings)

    assert (apps / "catalog-info.yaml").read_text(encoding="utf-8") == here
    assert (apps / "orders" / "Chart.yaml").is_file()
    assert wheel.name.split("-")[1] in said([scenedock, "--version"], tmp_path, surroundings)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("python", ["3.11", "3.13"])
def test_nothing_is_compiled_on_the_machines_that_the_image_is_built_for(
    machine: str, python: str, tmp_path: Path
) -> None:
    """On Debian 12, whose C library is that of `manylinux_2_36`, and newer."""
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-config", "--system-certs", "--dry-run"]
    place: list[str | Path] = [
        "--target",
        tmp_path,
        "--python-platform",
        f"{machine}-manylinux_2_36",
        "--python-version",
        python,
    ]
    lock: list[str | Path] = [
        "--only-binary",
        ":all:",
        "--require-hashes",
        "--requirement",
        ROOT / "requirements" / "runtime.txt",
    ]

    said([*uv, *place, *lock], tmp_path, dict(os.environ))


def _cache() -> str:
    """uv's cache of this user: what was downloaded once is not downloaded for each run."""
    done = subprocess.run([sys.executable, "-m", "uv", "cache", "dir"], check=True, capture_output=True, text=True)
    return done.stdout.strip()
